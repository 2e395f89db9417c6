import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { ArgumentError, decodeSafetensors, encodeSafetensors, FormatError, seededRandom } from 'tfjs-ood';
import { energy, nearestClassMean } from 'tfjs-ood/scorers';
import { fitDetector, loadDetector, modelFingerprint } from 'tfjs-ood/detector';
import { onEachBackend } from '../on-each-backend';
import { isSketchOf, measuredWeights } from '../../src/detector/model/weight-sketch';
import { graphModel } from './graph-model';

type Rounding = (value: number) => number;

/** A multiple of what lies between two numbers of half precision there; subnormal ones are multiples of 2^-24. */
function rounded(value: number, round: Rounding): number {
  const size = Math.abs(value);
  let exponent = -14;
  while (size >= 2 ** (exponent + 1)) exponent++;
  const step = 2 ** (exponent - 10);
  return Math.sign(value) * round(size / step) * step;
}
const toNearest: Rounding = (steps) => (Math.abs(steps % 1) === 0.5 ? 2 * Math.round(steps / 2) : Math.round(steps));
const roundings: Record<string, (value: number) => number> = {
  'to the nearest': (value) => rounded(value, toNearest),
  'towards 0': (value) => rounded(value, Math.floor),
  'away from 0': (value) => rounded(value, Math.ceil),
  'subnormal numbers to 0': (value) => (Math.abs(value) < 2 ** -14 ? 0 : rounded(value, toNearest)),
};

test('the rounding of these tests, by hand', () => {
  expect(rounded(1 + 2 ** -11, toNearest)).toBe(1); // a tie, to even
  expect(rounded(1 + 3 * 2 ** -11, toNearest)).toBe(1 + 2 ** -9);
  expect(rounded(-0.1, toNearest)).toBe(-0.0999755859375);
  expect(rounded(65_519, toNearest)).toBe(65_504);
  expect(rounded(2 ** -25, toNearest)).toBe(0);
  expect(rounded(1e-7, toNearest)).toBe(2 ** -23);
});

const [CLASSES, SIDE] = [4, 6];

/** A small classifier; `before` further layers are made first, so that its layers' names have other numbers. */
function classifier(seed = 1, before = 0): tfl.LayersModel {
  for (let i = 0; i < before; i++) tfl.layers.dense({ units: 1 });
  const kernelInitializer = tfl.initializers.glorotUniform({ seed });
  const model = tfl.sequential({
    layers: [
      tfl.layers.conv2d({
        inputShape: [SIDE, SIDE, 1],
        filters: 8,
        kernelSize: 3,
        activation: 'relu',
        kernelInitializer,
      }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 24, activation: 'relu', kernelInitializer }),
      tfl.layers.dense({ units: 12, activation: 'relu', kernelInitializer }),
      tfl.layers.dense({ units: CLASSES, activation: 'softmax', kernelInitializer }),
    ],
  });
  const random = seededRandom(seed);
  change(model, (value, tensor) => (tensor % 2 === 1 ? 0.2 * random.normal() : value));
  return model;
}

/** Other weights, number by number. */
function change(model: tfl.LayersModel, to: (value: number, tensor: number, at: number) => number): void {
  const values = model.getWeights().map((weight, tensor) =>
    tf.tensor(
      [...weight.dataSync()].map((value, at) => to(value, tensor, at)),
      weight.shape,
    ),
  );
  model.setWeights(values);
  tf.dispose(values);
}

function data() {
  const random = seededRandom(4);
  const labels = Int32Array.from({ length: 80 }, (_, i) => i % CLASSES);
  const images = tf.tensor4d(
    Float32Array.from({ length: 80 * SIDE * SIDE }, () => random.uniform()),
    [80, SIDE, SIDE, 1],
  );
  return { images, labels };
}

/** Each kind of other weights: a copy of `classifier()` changed by it is another model. */
const LAST = 7; // the last bias, of 0 to 7
const others: Record<string, (value: number, tensor: number, at: number) => number> = {
  'the last layer begun anew': (value, tensor, at) => (tensor === LAST - 1 ? 0.3 * Math.sin(9 * at + 1) : value),
  'the last bias by 1 %': (value, tensor) => (tensor === LAST ? 1.01 * value : value),
  'one number of the last bias by 1 %': (value, tensor, at) => (tensor === LAST && at === 2 ? 1.01 * value : value),
  'a step of 1e-3 by Adam': (value, _, at) => value + (Math.sin(at * at) > 0 ? 1e-3 : -1e-3),
  'all by 2 %': (value) => 1.02 * value,
};

onEachBackend('the model of a detector', () => {
  async function saved(model: tfl.LayersModel) {
    const known = data();
    const detector = await fitDetector(model, known, { scorer: energy() });
    const bytes = detector.toBytes();
    detector.dispose();
    known.images.dispose();
    return bytes;
  }
  const load = (model: tfl.LayersModel, bytes: Uint8Array) => loadDetector(model, bytes, { scorer: energy() });

  test.each(Object.keys(roundings))('is known after rounding %s, either way round', async (name) => {
    const [model, half] = [classifier(), classifier()];
    change(half, roundings[name]!);
    expect((await modelFingerprint(half)).weights).not.toBe((await modelFingerprint(model)).weights);
    (await load(half, await saved(model))).dispose(); // fitted in full precision
    (await load(model, await saved(half))).dispose(); // fitted after the rounding
    model.dispose();
    half.dispose();
  });

  test.each(Object.keys(others))('%s: another model, rounded or not', async (name) => {
    const [model, half] = [classifier(), classifier()];
    const bytes = await saved(model);
    change(half, others[name]!);
    await expect(load(half, bytes)).rejects.toThrow('got the same architecture with other weights');
    change(half, roundings['to the nearest']!);
    await expect(load(half, bytes)).rejects.toThrow(ArgumentError);
    model.dispose();
    half.dispose();
  });

  test('less than half precision holds is another model where nothing was rounded', async () => {
    const [model, other] = [classifier(), classifier()];
    const bytes = await saved(model);
    change(other, (value, tensor, at) => (tensor === 0 && at === 5 ? value * (1 + 2 ** -20) : value));
    await expect(load(other, bytes)).rejects.toThrow('other weights');
    model.dispose();
    other.dispose();
  });

  test('which layers train is no part of the model', async () => {
    const model = tfl.sequential({
      layers: [
        tfl.layers.conv2d({ inputShape: [SIDE, SIDE, 1], filters: 4, kernelSize: 3 }),
        tfl.layers.batchNormalization(),
        tfl.layers.flatten(),
        tfl.layers.dense({ units: CLASSES, activation: 'softmax' }),
      ],
    });
    const order = () => model.weights.map(({ id }) => id);
    const before = order();
    const [bytes, own] = [await saved(model), await modelFingerprint(model)];
    model.layers[0]!.trainable = false;
    expect(order()).not.toEqual(before); // as tfjs lists them
    expect(await modelFingerprint(model)).toEqual(own);
    (await load(model, bytes)).dispose();
    change(model, (value, tensor, at) => (tensor === 0 && at === 0 ? value + 1 : value));
    await expect(load(model, bytes)).rejects.toThrow('other weights');
    model.dispose();
  });

  test('a file of before has the weights in the order in which tfjs listed them', async () => {
    const model = tfl.sequential({
      layers: [
        tfl.layers.flatten({ inputShape: [SIDE, SIDE, 1] }),
        tfl.layers.batchNormalization(),
        tfl.layers.dense({ units: CLASSES, activation: 'softmax' }),
      ],
    });
    const { tensors, metadata } = decodeSafetensors(await saved(model));
    const shaOf = async (bytes: Uint8Array) =>
      Buffer.from(await crypto.subtle.digest('SHA-256', bytes as BufferSource)).toString('hex');
    const text = (words: string) => new TextEncoder().encode(words);
    const listed = model.getWeights();
    let weights = '';
    for (const weight of listed) {
      const numbers = await weight.data();
      weights = await shaOf(text(weights + (await shaOf(new Uint8Array(numbers.slice().buffer)))));
    }
    const kinds = ['Flatten', 'BatchNormalization', 'Dense'];
    const architecture = await shaOf(text(JSON.stringify([kinds, listed.map(({ dtype, shape }) => [dtype, shape])])));
    const about = JSON.parse(metadata.about!) as { fingerprint: { architecture: string } };
    expect(architecture).not.toBe(about.fingerprint.architecture);
    const old = JSON.stringify({ ...about, fingerprint: { architecture, weights } });
    const bytes = encodeSafetensors(tensors, { ...metadata, about: old });
    (await load(model, bytes)).dispose();
    change(model, (value, tensor, at) => (tensor === 0 && at === 0 ? value + 1 : value));
    await expect(load(model, bytes)).rejects.toThrow('other weights');
    model.dispose();
  });

  test('a file of before has a hash alone', async () => {
    const [model, half] = [classifier(), classifier()];
    change(half, roundings['to the nearest']!);
    const { tensors, metadata } = decodeSafetensors(await saved(model));
    const about = JSON.parse(metadata.about!) as { fingerprint: object };
    const without = JSON.stringify({ ...about, fingerprint: { ...about.fingerprint, sketches: undefined } });
    const bytes = encodeSafetensors(tensors, { ...metadata, about: without });
    (await load(model, bytes)).dispose();
    await expect(load(half, bytes)).rejects.toThrow('other weights');
    model.dispose();
    half.dispose();
  });
});

describe('how far rounding may move a sum', () => {
  const sketch = (numbers: number[]) => measuredWeights(numbers, 0);

  test('of one number: a step of half precision, to its edge', async () => {
    // Half numbers: 1, and 1 + 2^-10 after it. What lies below the second may have been rounded to the first.
    expect(isSketchOf(await sketch([1 + 2 ** -10 - 2 ** -20]), await sketch([1]))).toBe(true);
    expect(isSketchOf(await sketch([1 + 2 ** -10 + 2 ** -20]), await sketch([1]))).toBe(false);
    expect(isSketchOf(await sketch([-3 - 2 ** -11]), await sketch([-3]))).toBe(true);
    // Neither is half precision: rounding did not do it.
    expect(isSketchOf(await sketch([1 + 2 ** -15]), await sketch([1 + 2 ** -14 + 2 ** -16]))).toBe(false);
    // A float that was put together of bytes may be off by some of its own steps, of 2^-23.
    expect(isSketchOf(await sketch([1 + 2 ** -12]), await sketch([1 + 4 * 2 ** -23]))).toBe(true);
    expect(isSketchOf(await sketch([1 + 2 ** -12]), await sketch([1 - 4 * 2 ** -23]))).toBe(true);
    expect(isSketchOf(await sketch([2 ** -16 + 2 ** -26]), await sketch([2 ** -16 + 2 ** -34]))).toBe(true);
    expect(isSketchOf(await sketch([1 + 2 ** -12]), await sketch([1 + 64 * 2 ** -23]))).toBe(false);
    // What is below 2^-14 may be 0.
    expect(isSketchOf(await sketch([0.99 * 2 ** -14]), await sketch([0]))).toBe(true);
    expect(isSketchOf(await sketch([1.01 * 2 ** -14]), await sketch([0]))).toBe(false);
  });

  test('of many: four deviations of errors of a whole step, whatever their signs', async () => {
    const random = seededRandom(8);
    const count = 16 * 4000;
    const half = Float64Array.from({ length: count }, () => rounded(0.05 * random.normal(), toNearest));
    const norm = Math.sqrt(half.reduce((sum, value) => sum + value * value, 0) / 16);
    const own = await measuredWeights(half, 3);
    own.slack.forEach((slack) => expect(slack / (4 * 2 ** -10 * norm)).toBeCloseTo(1, 1));
    // A whole step more at each number is within it; eight, apart from all rounding, are not.
    const off = (share: number) =>
      measuredWeights(
        half.map((value) => value * (1 + share * 2 ** -10)),
        3,
      );
    expect(isSketchOf(await off(1), own)).toBe(true);
    expect(isSketchOf(await off(8), own)).toBe(false);
  });

  test('another index has other signs', async () => {
    const numbers = Float64Array.from({ length: 64 }, (_, i) => i + 1);
    expect((await measuredWeights(numbers, 1)).sums).toHaveLength(16);
    expect((await measuredWeights(numbers, 1)).sums).not.toEqual((await measuredWeights(numbers, 2)).sums);
  });
});

onEachBackend('layers with other names', () => {
  test.each([1, 2])('%i layers were made before: what was named is found where it stands', async (before) => {
    const known = data();
    const model = classifier();
    const hidden = model.layers[3]!.name;
    const options = { scorer: nearestClassMean() };
    const detector = await fitDetector(model, known, { ...options, features: hidden });
    const verdicts = await detector.predict(known.images);
    // One of the other names is the saved one: that of another layer.
    const again = classifier(1, before);
    expect(again.layers[3]!.name).not.toBe(hidden);
    expect(await modelFingerprint(again)).toEqual(await modelFingerprint(model));
    const loaded = await loadDetector(again, detector.toBytes(), options);
    expect(await loaded.predict(known.images)).toEqual(verdicts);
    expect(loaded.toBytes()).toEqual(detector.toBytes());
    for (const one of [detector, loaded, model, again, known.images]) one.dispose();
  });

  test('the name of another layer today is not followed', async () => {
    const known = data();
    const model = classifier();
    const options = { scorer: nearestClassMean() };
    const detector = await fitDetector(model, known, { ...options, features: model.layers[3]!.name });
    const { tensors, metadata } = decodeSafetensors(detector.toBytes());
    const about = JSON.parse(metadata.about!) as object;
    const renamed = JSON.stringify({ ...about, features: model.layers[2]!.name }); // as if it were called so today
    const loaded = await loadDetector(model, encodeSafetensors(tensors, { ...metadata, about: renamed }), options);
    expect(await loaded.predict(known.images)).toEqual(await detector.predict(known.images));
    for (const places of [{ features: [9] }, { features: [] }, { features: 'x' }, { other: [1] }, []]) {
      const damaged = encodeSafetensors(tensors, { ...metadata, about: JSON.stringify({ ...about, places }) });
      await expect(loadDetector(model, damaged, options)).rejects.toThrow(FormatError);
      await expect(loadDetector(model, damaged, options)).rejects.toThrow('metadata.about.places');
    }
    for (const one of [detector, loaded, model, known.images]) one.dispose();
  });

  test('a GraphModel', async () => {
    const model = await graphModel();
    const known = data();
    const options = { scorer: nearestClassMean() };
    const detector = await fitDetector(model, known, { ...options, features: 'hidden:0', logits: 'scores' });
    const loaded = await loadDetector(model, detector.toBytes(), options);
    expect(await loaded.predict(known.images)).toEqual(await detector.predict(known.images));
    for (const one of [detector, loaded, model, known.images]) one.dispose();
  });
});
