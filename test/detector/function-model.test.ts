import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { ArgumentError, decodeSafetensors, NotFiniteError, seededRandom, ShapeError } from 'tfjs-ood';
import { energy, ensemble, mahalanobis, msp, nearestNeighbors, odin, react, type ScorerMethod } from 'tfjs-ood/scorers';
import {
  featuresOf,
  fitDetector,
  fitOutputDetector,
  loadDetector,
  loadOutputDetector,
  type Detector,
  type FunctionModel,
  type GraphModelLike,
  scorerMethods,
} from 'tfjs-ood/detector';
import { onEachBackend } from '../on-each-backend';

const [COUNT, SIDE] = [70, 4];

function classifier(): tfl.LayersModel {
  const initializer = (seed: number) => tfl.initializers.glorotUniform({ seed });
  return tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        inputShape: [SIDE, SIDE, 1],
        filters: 3,
        kernelSize: 3,
        kernelInitializer: initializer(1),
        name: 'maps',
      }),
      tfl.layers.flatten({ name: 'flat' }),
      tfl.layers.dense({ units: 5, activation: 'relu', kernelInitializer: initializer(2), name: 'hidden' }),
      tfl.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: initializer(3), name: 'last' }),
    ],
  });
}

function images(count = COUNT, seed = 1) {
  const random = seededRandom(seed);
  const bytes = Uint8Array.from({ length: count * SIDE * SIDE }, () => random.integer(256));
  return { images: bytes, shape: [count, SIDE, SIDE, 1] as const };
}
const known = images();
const labels = Int32Array.from({ length: COUNT }, (_, i) => i % 3);
const fresh = images(9, 2);

/** Verdicts of a detector that is used up by them. */
async function said(fitted: Promise<Detector>) {
  const detector = await fitted;
  const verdicts = await detector.predict(fresh);
  detector.dispose();
  return verdicts;
}

onEachBackend('a function as a model', () => {
  test('at once or later, tensors or numbers with a shape or dims: the verdicts of the model itself', async () => {
    const model = classifier();
    const reader = featuresOf(model);
    const numbersOf = async (block: tf.Tensor) => {
      const { features, logits } = reader.run(block);
      const [x, z] = [await features.data<'float32'>(), await logits.data<'float32'>()];
      const shapes = [features.shape, logits.shape] as const;
      tf.dispose([features, logits]);
      return { x, z, shapes };
    };
    const functions: FunctionModel[] = [
      { run: (block) => reader.run(block) },
      { run: (block) => Promise.resolve(reader.run(block)) },
      {
        run: async (block) => {
          const { x, z, shapes } = await numbersOf(block);
          return { features: { data: x, shape: shapes[0] }, logits: { data: z, shape: shapes[1] } };
        },
      },
      {
        run: async (block) => {
          const { x, z, shapes } = await numbersOf(block);
          return { features: { data: x, dims: shapes[0] }, logits: { data: z, dims: shapes[1] } };
        },
      },
      reader,
    ];
    for (const scorer of [msp(), mahalanobis(), ensemble([msp() as ScorerMethod, mahalanobis() as ScorerMethod])]) {
      const fit = (one: tfl.LayersModel | FunctionModel) =>
        said(fitDetector(one, { images: known, labels }, { scorer, alpha: 0.2, blockSize: 16 }));
      const wanted = await fit(model);
      expect(wanted.map(({ label }) => typeof label)).toEqual(wanted.map(() => 'number'));
      for (const one of functions) expect(await fit(one)).toEqual(wanted);
    }
    // What belongs to the model as a whole can stand beside the function.
    for (const scorer of [react(), odin({ epsilon: 0.01 })]) {
      const fit = (one: tfl.LayersModel | FunctionModel) =>
        said(fitDetector(one, { images: known, labels }, { scorer, alpha: 0.2 }));
      expect(await fit(reader)).toEqual(await fit(model));
      await expect(fit({ run: reader.run })).rejects.toThrow(/'react' needs|logitsOf must be/);
    }
    model.dispose();
  });

  test('gets what images were passed, block by block', async () => {
    const seen: [number[], number][] = [];
    const run = (block: tf.Tensor) => {
      seen.push([block.shape, block.dataSync()[0]!]);
      return { features: tf.reshape(block, [block.shape[0], -1]) };
    };
    const waves = tf.tensor2d(
      Float32Array.from({ length: 5 * 30 }, (_, i) => (i % 7) - 9),
      [30, 5],
    );
    const scorer = nearestNeighbors({ k: 2 });
    const detector = await fitDetector({ run }, { images: waves }, { scorer, alpha: 0.3, blockSize: 12 });
    expect(seen.map(([shape]) => shape)).toEqual([
      [12, 5],
      [12, 5],
      [6, 5],
    ]);
    seen.length = 0;
    const one = tf.slice(waves, [4, 0], [1, 5]);
    await detector.predict(one);
    expect(seen).toEqual([[[1, 5], ((4 * 5) % 7) - 9]]);
    const longer = tf.zeros([2, 6]);
    await expect(detector.predict(longer)).rejects.toThrow(ShapeError);
    tf.dispose([waves, one, longer]);
    detector.dispose();
  });

  test('features alone, without labels: fits, and says no label', async () => {
    const model = classifier();
    const reader = featuresOf(model);
    const run = (block: tf.Tensor) => {
      const { features, logits } = reader.run(block);
      logits.dispose();
      return { features };
    };
    const options = { scorer: nearestNeighbors({ k: 3 }), alpha: 0.2 };
    const verdicts = await said(fitDetector({ run }, { images: known }, options));
    const wanted = await said(fitDetector(model, { images: known, labels }, options));
    expect(verdicts).toEqual(wanted.map((verdict) => ({ ...verdict, label: undefined })));
    const detector = await fitDetector({ run }, { images: known }, options);
    expect(detector.calibration).toMatchObject({ count: 14, classesWithoutRow: [], missingMass: 0 });
    detector.dispose();
    await expect(fitDetector({ run }, { images: known }, { scorer: mahalanobis() })).rejects.toThrow(
      "fitDetector: labels must be class indices of the images, which 'mahalanobis' needs, got none",
    );
    await expect(fitDetector({ run }, { images: known }, { scorer: energy() })).rejects.toThrow(
      'fitDetector: model must be one that gives logits, which the scorer needs, got { features }',
    );
    model.dispose();
  });

  test('saved and loaded around a function, not around a model, and the other way round', async () => {
    const model = classifier();
    const around = { run: featuresOf(model).run };
    const data = { images: known, labels };
    const options = { scorer: mahalanobis(), alpha: 0.2 };
    const [ofFunction, ofModel] = [await fitDetector(around, data, options), await fitDetector(model, data, options)];
    const about = JSON.parse(decodeSafetensors(ofFunction.toBytes()).metadata.about!) as object;
    const input = { scale: [1 / 255], offset: [0], range: [0, 1], isSeen: true, size: null, fit: null };
    expect(about).toEqual({ model: 'function', imageShape: [SIDE, SIDE, 1], meaning: 'classes', input });
    const again = await loadDetector(around, ofFunction.toBytes(), { methods: scorerMethods });
    expect(await again.predict(fresh)).toEqual(await ofFunction.predict(fresh));
    const refused = loadDetector(model, ofFunction.toBytes(), { methods: scorerMethods });
    await expect(refused).rejects.toThrow(ArgumentError);
    await expect(refused).rejects.toThrow('loadDetector: model must be a function { run }, as the detector was fitted');
    await expect(loadDetector(around, ofModel.toBytes(), { methods: scorerMethods })).rejects.toThrow(
      'loadDetector: model must be a LayersModel or GraphModel, as the detector was fitted around, got a function',
    );
    const outputs = loadOutputDetector(ofFunction.toBytes(), { methods: scorerMethods });
    outputs.dispose();
    for (const one of [again, ofFunction, ofModel]) one.dispose();
    model.dispose();
  });

  test('what it must not return, and what it cannot be asked for', async () => {
    const features = (rows: number) => ({ data: new Float32Array(rows * 2).fill(1), shape: [rows, 2] as const });
    const fit = (run: unknown, options: object = {}) =>
      fitDetector(
        { run } as FunctionModel,
        { images: known },
        { scorer: nearestNeighbors({ k: 2 }), alpha: 0.2, ...options },
      );
    await expect(fit(() => undefined)).rejects.toThrow(
      'fitDetector: model.run must be a function that returns { features, logits }, got undefined',
    );
    await expect(fit(() => ({ features: 'x' }))).rejects.toThrow(ShapeError);
    await expect(fit(() => ({ features: features(3) }))).rejects.toThrow(
      'features of the images must be [56, ...], a row for each, got [3, 2]',
    );
    await expect(fit((x: tf.Tensor) => ({ features: tf.fill([x.shape[0], 2], NaN) }))).rejects.toThrow(NotFiniteError);
    await expect(fit(() => ({ features: features(56) }), { features: 'hidden' })).rejects.toThrow(
      'fitDetector: features must be left out, as the model is a function, got hidden',
    );
    await expect(
      fit(() => {
        throw new RangeError('own error');
      }),
    ).rejects.toThrow('own error');
  });
});

onEachBackend('a tfjs model of which features alone are wanted', () => {
  test('needs no logits to be found in it', async () => {
    const model = classifier();
    const inner = tfl.model({ inputs: model.inputs, outputs: model.getLayer('maps').output });
    const scorer = nearestNeighbors({ k: 3 });
    const pooled = { scorer, features: 'maps', pool: 'average', alpha: 0.2 } as const;
    const means = (x: tf.Tensor) => tf.tidy(() => ({ features: tf.mean(inner.predict(x) as tf.Tensor, [1, 2]) }));
    const wanted = await said(fitDetector({ run: means }, { images: known }, { scorer, alpha: 0.2 }));
    expect(await said(fitDetector(inner, { images: known }, pooled))).toEqual(wanted);
    const graph = {
      executor: { graph: { nodes: { maps: {}, input: {} } } },
      weights: {},
      outputs: [{ name: 'maps:0', shape: [-1, 2, 2, 3] }],
      execute: (x: tf.Tensor) => inner.predict(x) as tf.Tensor,
    };
    expect(await said(fitDetector(graph as GraphModelLike, { images: known }, pooled))).toEqual(wanted);
    const detector = await fitDetector(inner, { images: known }, pooled);
    const again = await loadDetector(inner, detector.toBytes(), { methods: scorerMethods });
    expect(await again.predict(fresh)).toEqual(wanted);
    again.dispose();
    detector.dispose();
    await expect(fitDetector(inner, { images: known }, { ...pooled, features: 'maqs' })).rejects.toThrow(
      'features must be one of maps',
    );
    await expect(fitDetector(inner, { images: known }, { ...pooled, scorer: energy() })).rejects.toThrow(ArgumentError);
    model.dispose();
  });

  test('outputs without labels calibrate as those with labels do', async () => {
    const random = seededRandom(4);
    const features = { data: Float32Array.from({ length: 120 }, () => random.normal()), shape: [60, 2] as const };
    const options = { scorer: nearestNeighbors({ k: 3 }), alpha: 0.2 };
    const without = await fitOutputDetector({ features }, options);
    const withThem = await fitOutputDetector({ features, labels: labels.slice(0, 60) }, options);
    expect(without.state.calibrations[0]).toEqual(withThem.state.calibrations[0]);
    await expect(fitOutputDetector({ features }, { scorer: mahalanobis() })).rejects.toThrow("which 'mahalanobis'");
    without.dispose();
    withThem.dispose();
  });
});
