import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { ArgumentError, NotFiniteError, seededRandom, ShapeError } from 'tfjs-ood';
import type { DetectorOptions } from 'tfjs-ood/detector';
import { energy, mahalanobis, nearestNeighbors, odin } from 'tfjs-ood/scorers';
import { embed, featuresOf, fitDetector, loadDetector, modelFingerprint } from 'tfjs-ood/detector';
import { gatherImages, vgg } from 'tfjs-ood/training';
import { onEachBackend } from '../on-each-backend';
import { graphModel } from './graph-model';
import { readsAtOnce } from '../../src/tensors/precision';

const SIDE = 8;
const named = (seed: number) => ({ kernelInitializer: tfl.initializers.glorotUniform({ seed }) });
const { layers } = tfl;

/**
 * Networks whose operations make a plausible number of NaN: on wasm a ReLU, everywhere a max pool and a ReLU after it.
 */
const networks: Record<string, () => tfl.LayersModel> = {
  'dense with relu': () =>
    tfl.sequential({
      layers: [
        layers.conv2d({ inputShape: [SIDE, SIDE, 1], filters: 4, kernelSize: 3, activation: 'relu', ...named(1) }),
        layers.flatten(),
        layers.dense({ units: 8, activation: 'relu', ...named(2) }),
        layers.dense({ units: 3, ...named(3) }),
      ],
    }),
  'max pool, relu': () =>
    tfl.sequential({
      layers: [
        layers.conv2d({ inputShape: [SIDE, SIDE, 1], filters: 4, kernelSize: 3, ...named(1) }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.reLU(),
        layers.flatten(),
        layers.dense({ units: 3, ...named(3) }),
      ],
    }),
  'relu6, global average pool': () =>
    tfl.sequential({
      layers: [
        layers.conv2d({ inputShape: [SIDE, SIDE, 1], filters: 6, kernelSize: 3, activation: 'relu6', ...named(1) }),
        layers.globalAveragePooling2d({}),
        layers.dense({ units: 3, ...named(3) }),
      ],
    }),
};

/** `count` images of noise; one pixel of each of these rows is `value`. */
function images(count: number, value = 0, rows: readonly number[] = [], side = SIDE): tf.Tensor4D {
  const random = seededRandom(7);
  const numbers = Float32Array.from({ length: count * side * side }, () => random.uniform());
  for (const row of rows) numbers[row * side * side + (row % (side * side))] = value;
  return tf.tensor4d(numbers, [count, side, side, 1]);
}

const labelsOf = (count: number) => Int32Array.from({ length: count }, (_, i) => i % 3);
const scorers = () => [energy(), nearestNeighbors({ k: 5 })];

onEachBackend('images of NaN or infinities', (backend) => {
  test.each(Object.keys(networks))('get no verdict, and fit nothing (%s)', async (name) => {
    const model = networks[name]!();
    const fine = images(100);
    for (const scorer of scorers()) {
      const detector = await fitDetector(model, { images: fine, labels: labelsOf(100) }, { scorer, blockSize: 30 });
      for (const value of [NaN, Infinity, -Infinity]) {
        const strange = images(70, value, [64]);
        await expect(detector.predict(strange)).rejects.toThrow(NotFiniteError);
        await expect(detector.predict(strange)).rejects.toThrow(
          `Detector.predict: images must be finite numbers (drop or mend that image), got ${value} at row 64`,
        );
        const one = tf.fill([SIDE, SIDE, 1], value);
        await expect(detector.predict(one)).rejects.toThrow(`${value} at row 0`);
        const data = { images: strange, labels: labelsOf(70) };
        await expect(fitDetector(model, data, { scorer, blockSize: 30 })).rejects.toThrow(
          `fitDetector: images must be finite numbers (drop or mend that image), got ${value} at row 64`,
        );
        tf.dispose([strange, one]);
      }
      detector.dispose();
    }
    fine.dispose();
    model.dispose();
  });

  test('row 100 of 300, whether it would fit or calibrate; of 20 rows the first', async () => {
    const model = networks['max pool, relu']!();
    const fits = async (rows: number[], scorer: DetectorOptions['scorer'], seed: number) => {
      const x = images(300, NaN, rows);
      const fit = fitDetector(model, { images: x, labels: labelsOf(300) }, { scorer, seed });
      return fit.then(String, (error: Error) => error.message).finally(() => x.dispose());
    };
    const bad = Array.from({ length: 20 }, (_, i) => 203 - 7 * i);
    for (const scorer of scorers()) {
      for (let seed = 1; seed <= 3; seed++) expect(await fits([100], scorer, seed)).toMatch(/NaN at row 100$/);
      expect(await fits(bad, scorer, 1)).toMatch(/NaN at row 70$/);
    }
    model.dispose();
  });

  test('embed and featuresOf', async () => {
    const model = networks['dense with relu']!();
    for (const value of [NaN, Infinity]) {
      const x = images(70, value, [66]);
      await expect(embed(model, x)).rejects.toThrow(`embed: images must be finite numbers (drop or mend that image)`);
      await expect(embed(model, x, { blockSize: 7 })).rejects.toThrow(`${value} at row 66`);
      const reader = featuresOf(model);
      if (readsAtOnce()) {
        expect(() => reader.run(x)).toThrow(NotFiniteError);
        expect(() => reader.run(x)).toThrow(`featuresOf: images must be finite`);
        expect(() => reader.run(x)).toThrow(`${value} at row 66`);
      } else {
        const { features, logits } = reader.run(x);
        for (const outputs of [features, logits]) {
          const size = outputs.shape[1];
          const numbers = await outputs.data();
          for (let i = 0; i < numbers.length; i++) expect(Number.isNaN(numbers[i])).toBe(Math.floor(i / size) === 66);
          outputs.dispose();
        }
      }
      x.dispose();
    }
    model.dispose();
    const small = vgg({ width: 0.03, inputShape: [8, 8, 1], embeddingSize: 3, seed: 1 });
    const nothing: tf.Tensor4D = tf.fill([1, 8, 8, 1], NaN);
    await expect(embed(small, nothing)).rejects.toThrow('NaN at row 0');
    nothing.dispose();
    small.dispose();
  });

  test('odin, which goes through the model by itself', async () => {
    if (backend === 'webgpu') return; // no gradient of a convolution without tfjs-ood/webgpu
    const model = networks['max pool, relu']!();
    const x = images(60);
    const detector = await fitDetector(model, { images: x, labels: labelsOf(60) }, { scorer: odin(), alpha: 0.1 });
    const bad = images(3, NaN, [2]);
    await expect(detector.predict(bad)).rejects.toThrow('NaN at row 2');
    detector.dispose();
    tf.dispose([x, bad]);
    model.dispose();
  });

  test('a GraphModel', async () => {
    const model = await graphModel();
    const x = images(60, 0, [], 6);
    const detector = await fitDetector(model, { images: x, labels: labelsOf(60) }, { scorer: energy() });
    const bad = images(5, NaN, [3], 6);
    await expect(detector.predict(bad)).rejects.toThrow('Detector.predict: images must be finite');
    await expect(detector.predict(bad)).rejects.toThrow('NaN at row 3');
    detector.dispose();
    tf.dispose([x, bad]);
    model.dispose();
  });
});

onEachBackend('weights of NaN or infinities', () => {
  /** Sets one number of a model's weights; gives back what sets it as it was. */
  function poison(model: tfl.LayersModel, which: number, value: number) {
    const before = model.getWeights().map((weight) => tf.clone(weight));
    const numbers = before.map((weight) => tf.clone(weight));
    const changed = tf.tidy(() => {
      const mask = tf.oneHot(tf.tensor1d([1], 'int32'), before[which]!.size);
      return tf.reshape(
        tf.where(tf.cast(mask, 'bool'), tf.fill(mask.shape, value), tf.reshape(before[which]!, mask.shape)),
        before[which]!.shape,
      );
    });
    model.setWeights(numbers.map((weight, i) => (i === which ? changed : weight)));
    tf.dispose([numbers, changed]);
    return () => {
      model.setWeights(before);
      tf.dispose(before);
    };
  }

  test('are refused by name, wherever images go through the model', async () => {
    const model = networks['max pool, relu']!();
    const x = images(60);
    const data = { images: x, labels: labelsOf(60) };
    const detector = await fitDetector(model, data, { scorer: energy() });
    const bytes = detector.toBytes();
    for (const [which, value] of [
      [0, NaN],
      [0, Infinity],
      [1, -Infinity],
    ] as const) {
      const restore = poison(model, which, value);
      const name = model.weights[which]!.originalName;
      const message = `weights of the model (${name}) must be finite numbers, got ${value} at index 1`;
      await expect(fitDetector(model, data, { scorer: energy() })).rejects.toThrow(`fitDetector: ${message}`);
      await expect(loadDetector(model, bytes, { scorer: energy() })).rejects.toThrow(`loadDetector: ${message}`);
      await expect(detector.predict(x)).rejects.toThrow(`Detector.predict: ${message}`);
      await expect(embed(model, x)).rejects.toThrow(`embed: ${message}`);
      if (readsAtOnce()) expect(() => featuresOf(model).run(x)).toThrow(`featuresOf: ${message}`);
      restore();
      (await loadDetector(model, bytes, { scorer: energy() })).dispose();
      await embed(model, x);
    }
    detector.dispose();
    x.dispose();
    model.dispose();
  });

  test('a score beyond float32 names the row of the images given', async () => {
    const model = tfl.sequential({
      layers: [layers.flatten({ inputShape: [SIDE, SIDE, 1] }), layers.dense({ units: 3, ...named(3) })],
    });
    const x = images(90);
    const detector = await fitDetector(
      model,
      { images: x, labels: labelsOf(90) },
      { scorer: mahalanobis(), blockSize: 32, input: { scale: 4e22 } },
    );
    const far = images(90, 1e25, [70]);
    await expect(detector.predict(far)).rejects.toThrow(/score must be a number that float32 holds .* at row 70$/);
    const fit = fitDetector(
      model,
      { images: far, labels: labelsOf(90) },
      { scorer: nearestNeighbors({ k: 3, normalize: 'none' }), blockSize: 32 },
    );
    await fit.then(
      (one) => one.dispose(),
      (error: Error) => expect(error.message).toMatch(/at row 70$/),
    );
    detector.dispose();
    tf.dispose([x, far]);
    model.dispose();
  });

  test('a GraphModel may mask and bound by infinities, and hold no NaN', async () => {
    const model = await graphModel();
    const x = images(30, 0, [], 6);
    const data = { images: x, labels: labelsOf(30) };
    const weights = model.weights;
    const withExtra = (extra: tf.Tensor) => Object.assign(Object.create(model) as typeof model, { extra }, {});
    const tryWith = async (extra: tf.Tensor) => {
      const proxy = withExtra(extra);
      Object.defineProperty(proxy, 'weights', { value: { ...weights, extra: [extra] } });
      const said = await fitDetector(proxy, data, { scorer: energy() }).then(
        (detector) => (detector.dispose(), 'fits'),
        (error: Error) => error.message,
      );
      extra.dispose();
      return said;
    };
    expect(await tryWith(tf.tensor1d([0, -Infinity]))).toBe('fits');
    expect(await tryWith(tf.scalar(Infinity))).toBe('fits');
    expect(await tryWith(tf.tensor1d([0, NaN]))).toContain('(extra) must be finite numbers, got NaN at index 1');
    expect(await tryWith(tf.tensor1d([0, Infinity]))).toContain('(extra) must be finite numbers, got Infinity');
    x.dispose();
    model.dispose();
  });

  test('the fingerprint alone still tells models apart', async () => {
    const model = networks['max pool, relu']!();
    const restore = poison(model, 0, NaN);
    const other = await modelFingerprint(model);
    restore();
    expect((await modelFingerprint(model)).weights).not.toBe(other.weights);
    model.dispose();
  });

  test('what the model itself makes of finite images is looked at too', async () => {
    const model = tfl.sequential({
      layers: [layers.flatten({ inputShape: [2, 2, 1] }), layers.dense({ units: 2, name: 'last' })],
    });
    const large = [tf.fill([4, 2], 1e38), tf.zeros([2])];
    model.setWeights(large);
    const x = images(40, 0, [], 2);
    const data = { images: x, labels: Int32Array.from({ length: 40 }, (_, i) => i % 2) };
    const detector = await fitDetector(model, data, { scorer: energy(), input: { scale: 1 / 25 } });
    const bright = tf.tidy(() => tf.concat([x, tf.mul(tf.ones([1, 2, 2, 1]), 9)]));
    await expect(detector.predict(bright)).rejects.toThrow('Detector.predict: logits of the images must be finite');
    await expect(detector.predict(bright)).rejects.toThrow('Infinity at row 40');
    await expect(embed(model, bright as tf.Tensor4D, { blockSize: 9 })).rejects.toThrow('Infinity at row 40');
    detector.dispose();
    tf.dispose([x, bright, large]);
    model.dispose();
  });
});

onEachBackend('image sets', () => {
  test('hold bytes, of whatever kind, or are refused by name', async () => {
    const model = networks['max pool, relu']!();
    const shape = [30, SIDE, SIDE, 1] as const;
    const bytes = Uint8Array.from({ length: 30 * SIDE * SIDE }, (_, i) => (i * 37) % 256);
    const labels = labelsOf(30);
    const detector = await fitDetector(model, { images: { images: bytes, shape }, labels }, { scorer: energy() });
    const wanted = await detector.predict({ images: bytes, shape });
    const clamped = Uint8ClampedArray.from(bytes) as unknown as Uint8Array;
    expect(await detector.predict({ images: clamped, shape })).toEqual(wanted);
    const others: [unknown, string][] = [
      [{ images: Array.from(bytes), shape }, 'got Array'],
      [{ images: bytes.buffer, shape }, 'got ArrayBuffer'],
      [bytes, 'got Uint8Array'],
      [undefined, 'got Undefined'],
      [null, 'got null'],
    ];
    for (const [images, message] of others) {
      const given = images as { images: Uint8Array; shape: typeof shape };
      for (const asked of [
        () => detector.predict(given),
        () => fitDetector(model, { images: given, labels }, { scorer: energy() }),
        () => embed(model, given),
        () => new Promise((resolve) => resolve(gatherImages(given, [0]))),
      ]) {
        await expect(asked()).rejects.toThrow(ArgumentError);
        await expect(asked()).rejects.toThrow(message);
      }
    }
    await expect(detector.predict({ images: bytes, shape: undefined as never })).rejects.toThrow(ShapeError);
    detector.dispose();
    model.dispose();
  });
});
