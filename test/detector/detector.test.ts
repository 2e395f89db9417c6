import * as tf from '@tensorflow/tfjs-core';
import { GraphModel } from '@tensorflow/tfjs-converter';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { ArgumentError, decodeSafetensors, encodeSafetensors, FormatError, seededRandom } from 'tfjs-ood';
import { energy, nearestClassMean, odin, react } from 'tfjs-ood/scorers';
import { loadOutputDetector } from 'tfjs-ood/detector';
import { featuresOf, fitDetector, loadDetector, modelFingerprint, type GraphModelLike } from 'tfjs-ood/detector';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';

const [SIDE, CLASSES] = [6, 3];

/** A small classifier of bars: which third of the image is bright. Its weights are set by hand, so that it is right. */
function classifier({ softmax = 'inside' }: { softmax?: 'inside' | 'layer' | 'none' } = {}): tfl.LayersModel {
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({ inputShape: [SIDE, SIDE, 1], filters: 2, kernelSize: 1, activation: 'relu', name: 'conv' }),
      tfl.layers.flatten({ name: 'flat' }),
      tfl.layers.dense({ units: 5, activation: 'relu', name: 'hidden' }),
      tfl.layers.dense({
        units: CLASSES,
        ...(softmax === 'inside' && { activation: 'softmax' as const }),
        name: 'last',
      }),
      ...(softmax === 'layer' ? [tfl.layers.softmax({ name: 'shares' })] : []),
    ],
  });
  const random = seededRandom(3);
  const values = model.getWeights().map((weight, at) => {
    const numbers = Float32Array.from({ length: weight.size }, () => random.normal() / 10);
    if (at === 2) {
      // Unit c of the hidden layer sums third c of the first filter's map.
      for (let i = 0; i < SIDE * SIDE * 2; i += 2) numbers[i * 5 + Math.floor(i / 2 / 12)]! += 0.2;
    }
    if (at === 0) numbers[0] = 1;
    if (at === 4) for (let c = 0; c < CLASSES; c++) numbers[c * CLASSES + c]! += 2;
    return tf.tensor(numbers, weight.shape);
  });
  model.setWeights(values);
  tf.dispose(values);
  return model;
}

/** Bars as bytes; strange ones are bright all over, or dark. */
function bars(count: number, seed: number, strange = false) {
  const random = seededRandom(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  const images = Uint8Array.from({ length: count * SIDE * SIDE }, (_, at) => {
    const [row, pixel] = [Math.floor(at / (SIDE * SIDE)), at % (SIDE * SIDE)];
    const bright = strange ? row % 2 === 0 : Math.floor(pixel / 12) === labels[row];
    return Math.max(0, Math.min(255, (bright ? 200 : 20) + 15 * random.normal()));
  });
  return { images, shape: [count, SIDE, SIDE, 1] as const, labels };
}

const tensorOf = ({ images, shape }: ReturnType<typeof bars>) =>
  tf.tidy(() => tf.div(tf.tensor4d(images, [...shape]), 255));

/** The same classifier's last two layers as a GraphModel of features and logits would run them. */
function graphOf(model: tfl.LayersModel): GraphModelLike & { executor: unknown } {
  const inner = tfl.model({
    inputs: model.inputs,
    outputs: [
      model.getLayer('hidden').output as tfl.SymbolicTensor,
      model.getLayer('last').output as tfl.SymbolicTensor,
    ],
  });
  return {
    executor: { graph: { nodes: { input: {}, hidden: {}, last: {} } } },
    outputs: [{ name: 'last:0' }],
    weights: Object.fromEntries(model.getWeights().map((weight, i) => [`w${i}`, [weight]])),
    execute(images, names) {
      const [hidden, last] = inner.apply(images) as [tf.Tensor, tf.Tensor];
      const named = (name: string) => (name === 'hidden' ? hidden : last);
      return Array.isArray(names) ? names.map(named) : named(names);
    },
  };
}

onEachBackend('a detector around a model', () => {
  test('features and logits of a LayersModel, however it ends', async () => {
    const images = tensorOf(bars(4, 1));
    const wanted: number[][] = [];
    for (const softmax of ['inside', 'layer', 'none'] as const) {
      const model = classifier({ softmax });
      const { features, logits } = featuresOf(model).run(images);
      const named = featuresOf(model, 'conv');
      expect(() => named.run(images)).toThrow("[N, D] (or take pool: 'average')");
      const pooled = featuresOf(model, { features: 'conv', pool: 'average' }).run(images);
      expect(pooled.features.shape).toEqual([4, 2]);
      const shares = tf.tidy(() =>
        softmax === 'none' ? tf.softmax(model.predict(images) as tf.Tensor) : model.predict(images),
      ) as tf.Tensor;
      const own = tf.tidy(() => tf.softmax(logits));
      expectClose(await own.data(), await shares.data(), { absolute: 1e-5 });
      expect(features.shape).toEqual([4, 5]);
      wanted.push([...(await logits.data())]);
      const head = (await featuresOf(model).head())!;
      expect(head.shape).toEqual([5, CLASSES]);
      const again = tf.tidy(() => tf.add(tf.matMul(features, tf.tensor2d(head.weights, [5, CLASSES])), head.bias));
      expectClose(await again.data(), wanted[0]!, { absolute: 1e-4 });
      tf.dispose([features, logits, pooled.features, pooled.logits, shares, own, again]);
      model.dispose();
    }
    expectClose(wanted[1]!, wanted[0]!);
    expectClose(wanted[2]!, wanted[0]!);
    images.dispose();
  });

  test('ten lines: fit, predict, save, load', async () => {
    const model = classifier();
    const known = bars(240, 1);
    const detector = await fitDetector(
      model,
      { images: known, labels: known.labels },
      {
        scorer: nearestClassMean(),
        features: 'hidden',
        alpha: 0.05,
        classNames: ['top', 'middle', 'bottom'],
      },
    );
    const image = tf.tidy(() => tf.squeeze(tf.slice(tensorOf(bars(3, 5)), [1, 0, 0, 0], [1, -1, -1, -1]), [0]));
    const [verdict] = await detector.predict(image);
    expect(verdict).toMatchObject({ label: 'middle', isOod: false });
    const strange = await detector.predict(bars(40, 6, true));
    expect(strange.filter(({ isOod }) => isOod).length).toBeGreaterThan(35);
    const fresh = await detector.predict(bars(300, 7));
    expect(fresh.filter(({ isOod }) => isOod).length / 300).toBeLessThan(0.18);
    // Bytes and tensors, one by one or in blocks: the same.
    const tensor = tensorOf(bars(300, 7));
    expect((await detector.predict(tensor)).map(({ label }) => label)).toEqual(fresh.map(({ label }) => label));

    let saved: tf.io.ModelArtifacts | undefined;
    const memory: tf.io.IOHandler = {
      save: (artifacts) => {
        saved = artifacts;
        return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' as const } });
      },
      load: () => Promise.resolve(saved!),
    };
    await detector.save(memory);
    const again = await loadDetector(model, memory, { scorer: nearestClassMean() });
    expect(await again.predict(tensor)).toEqual(await detector.predict(tensor));
    expect(again.toBytes()).toEqual(detector.toBytes());
    const third = await loadDetector(model, detector.toBytes(), { scorer: nearestClassMean() });
    expect(third.toBytes()).toEqual(detector.toBytes());
    const outputs = loadOutputDetector(detector.toBytes(), { scorer: nearestClassMean() });
    expect(outputs.state.classNames).toEqual(['top', 'middle', 'bottom']);
    outputs.dispose();
    third.dispose();
    saved = { modelTopology: { a: 1 }, weightData: new ArrayBuffer(3) };
    await expect(loadDetector(model, memory, { scorer: nearestClassMean() })).rejects.toThrow(
      'source must be a saved detector',
    );
    await expect(detector.save('nowhere://x')).rejects.toThrow('target must be a URL that this runtime can store at');
    detector.dispose();
    again.dispose();
    tf.dispose([tensor, image]);
    model.dispose();
  });

  test('another model is refused, and what differs is said', async () => {
    const [model, twin] = [classifier(), classifier()];
    const known = bars(90, 1);
    const detector = await fitDetector(model, { images: known, labels: known.labels }, { scorer: energy() });
    const bytes = detector.toBytes();
    (await loadDetector(twin, bytes, { scorer: energy() })).dispose(); // the same weights: the same model
    expect(await modelFingerprint(twin)).toEqual(await modelFingerprint(model));
    const bias = tf.tidy(() =>
      twin.getWeights().map((weight, i) => (i === 5 ? tf.add(weight, 1e-3) : tf.clone(weight))),
    );
    twin.setWeights(bias);
    await expect(loadDetector(twin, bytes, { scorer: energy() })).rejects.toThrow(
      'got the same architecture with other weights',
    );
    const other = classifier({ softmax: 'layer' });
    await expect(loadDetector(other, bytes, { scorer: energy() })).rejects.toThrow('got another architecture');
    await expect(loadDetector(other, bytes, { scorer: energy() })).rejects.toThrow(ArgumentError);
    detector.dispose();
    tf.dispose(bias);
    for (const one of [model, twin, other]) one.dispose();
  });

  test('a file with names of layers that are none', async () => {
    const model = classifier();
    const graph = graphOf(model);
    const known = bars(90, 1);
    const data = { images: known, labels: known.labels };
    const names = { features: 'hidden', logits: 'last' };
    const wrong: [object, string][] = [
      [{ features: 5 }, 'features must be the name of a layer or node, got 5'],
      [{ features: { a: 1 } }, 'features must be the name'],
      [{ logits: ['last'] }, 'logits must be the name'],
      [{ pool: 'evil' }, 'pool must be average, got "evil"'],
      [{ features: 'nope' }, 'features must be one of '],
      [{ logits: '__proto__' }, 'logits must be one of '],
    ];
    for (const around of [model, graph]) {
      const detector = await fitDetector(around, data, { scorer: nearestClassMean(), ...names });
      const { tensors, metadata } = decodeSafetensors(detector.toBytes());
      for (const [change, message] of wrong) {
        const about = JSON.stringify({ ...(JSON.parse(metadata.about!) as object), places: {}, ...change });
        const loaded = loadDetector(around, encodeSafetensors(tensors, { ...metadata, about }), {
          scorer: nearestClassMean(),
        });
        await expect(loaded).rejects.toThrow(FormatError);
        await expect(loaded).rejects.toThrow(`loadDetector: metadata.about.${message}`);
      }
      detector.dispose();
    }
    model.dispose();
  });

  test('scorers that need the head, or the images', async () => {
    const model = classifier();
    const known = bars(120, 2);
    for (const scorer of [react(), odin({ epsilon: 0.01 })]) {
      const detector = await fitDetector(model, { images: known, labels: known.labels }, { scorer });
      const again = await loadDetector(model, detector.toBytes(), { scorer });
      expect(await again.predict(known)).toEqual(await detector.predict(known));
      detector.dispose();
      again.dispose();
    }
    model.dispose();
  });

  test('a GraphModel, by names of its nodes', async () => {
    const model = classifier({ softmax: 'none' }); // a stub of a GraphModel gives what its last node gives
    const graph = graphOf(model);
    const known = bars(120, 3);
    const data = { images: known, labels: known.labels };
    const detector = await fitDetector(graph, data, { scorer: nearestClassMean(), features: 'hidden', logits: 'last' });
    const layered = await fitDetector(model, data, { scorer: nearestClassMean(), features: 'hidden', logits: 'last' });
    expect(await detector.predict(known)).toEqual(await layered.predict(known));
    const plain = await fitDetector(graph, data, { scorer: energy() }); // needs no features
    expect(await plain.predict(known)).toHaveLength(120);
    plain.dispose();
    await expect(fitDetector(graph, data, { scorer: nearestClassMean() })).rejects.toThrow(
      'the node of the features: one of last, input, hidden',
    );
    await expect(fitDetector(graph, data, { scorer: energy(), features: 'hiden' })).rejects.toThrow(
      'one of hidden, input, last, got hiden',
    );
    await expect(fitDetector(graph, data, { scorer: react(), features: 'hidden' })).rejects.toThrow(
      "weights 'react' needs",
    );
    detector.dispose();
    layered.dispose();
    model.dispose();
  });

  test('what is refused', async () => {
    const model = classifier();
    const known = bars(60, 1);
    const refuses = (data: object, options: object, message: string) =>
      expect(
        fitDetector(model, { images: known, labels: known.labels, ...data }, { scorer: energy(), ...options }),
      ).rejects.toThrow(message);
    await refuses({}, { features: 'dense_7' }, 'fitDetector: features must be one of');
    await refuses({}, { logits: 'conv' }, 'output of conv must be [N, D]');
    await refuses({ labels: known.labels.slice(1) }, {}, 'labels must be 60 labels, one for each image, got 59');
    await refuses({ labels: known.labels.map(() => -1) }, {}, 'class indices from 0');
    const ends = tfl.sequential({ layers: [tfl.layers.flatten({ inputShape: [2, 2, 1], name: 'end' })] });
    expect(() => featuresOf(ends)).toThrow("got one that ends with Flatten 'end'");
    const bent = tfl.sequential({
      layers: [tfl.layers.dense({ inputShape: [2], units: 1, activation: 'tanh' })],
    });
    expect(() => featuresOf(bent)).toThrow('got "tanh"');
    await expect(loadDetector(model, new Uint8Array(3), { scorer: energy() })).rejects.toThrow(FormatError);
    const wrong = tf.zeros([2, 3, 3, 1]);
    const detector = await fitDetector(model, { images: known, labels: known.labels }, { scorer: energy() });
    await expect(detector.predict(wrong)).rejects.toThrow();
    detector.dispose();
    for (const one of [model, ends, bent]) one.dispose();
    wrong.dispose();
  });
});

describe('the structural type', () => {
  test('is that of tfjs-converter', () => {
    const check = (model: GraphModel): GraphModelLike => model;
    expect(check).toBeTypeOf('function');
  });
});
