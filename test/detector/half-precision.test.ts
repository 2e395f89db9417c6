import { MathBackendWebGL } from '@tensorflow/tfjs-backend-webgl';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NotFiniteError, seededRandom } from 'tfjs-ood';
import { energy, nearestNeighbors } from 'tfjs-ood/scorers';
import { embed, featuresOf, fitDetector, loadDetector, modelFingerprint } from 'tfjs-ood/detector';
import { backends } from '../on-each-backend';
import { graphModel } from './graph-model';
import { isHalf } from '../../src/tensors/precision';

const HALF = 'webgl-half';
const { layers } = tfl;

/** [N, 4, 4, 1] between 0 and 1; the rows named are as bright as `value`. */
function images(count: number, value = 0, rows: readonly number[] = [], side = 4): tf.Tensor4D {
  const random = seededRandom(3);
  const numbers = Float32Array.from({ length: count * side * side }, () => random.uniform());
  for (const row of rows) numbers.fill(value, row * side * side, (row + 1) * side * side);
  return tf.tensor4d(numbers, [count, side, side, 1]);
}
const labelsOf = (count: number) => Int32Array.from({ length: count }, (_, i) => i % 2);

/**
 * A network that takes images of [0, 1] and is beyond half precision for those of 1000: its first layer makes 400,000
 * (here Infinity) and -40,000 of them, of which the second takes 0.1 and 1 together. That is its bias alone; here it is
 * Infinity.
 */
function model(isNested = false): tfl.LayersModel {
  const own = [
    layers.conv2d({ inputShape: [4, 4, 1], filters: 2, kernelSize: 2, name: 'first' }),
    layers.conv2d({ filters: 2, kernelSize: 1, name: 'sum' }),
    layers.maxPooling2d({ poolSize: 3, name: 'pool' }),
    layers.reLU({ name: 'relu', maxValue: 6 }),
    layers.flatten({ name: 'flat' }),
  ];
  const last = layers.dense({ units: 2, name: 'last' });
  const whole = tfl.sequential({
    layers: isNested ? [tfl.sequential({ layers: own, name: 'inner' }), last] : [...own, last],
  });
  const values = [
    tf.tensor4d([100, -10, 100, -10, 100, -10, 100, -10], [2, 2, 1, 2]),
    tf.tensor1d([0, 0]),
    tf.tensor4d([0.1, 0.1, 1, 1], [1, 1, 2, 2]),
    tf.tensor1d([0.3, 0.1]),
    tf.tensor2d([1, 0, 0.2, 1], [2, 2]),
    tf.tensor1d([0.1, 0.2]),
  ];
  whole.setWeights(values);
  tf.dispose(values);
  return whole;
}

/** webgl as it is where floats of 32 bits can't be drawn to: a backend of its own beside the page's. */
const suite = backends.includes('webgl') ? test : test.skip;
let before = '';
beforeAll(async () => {
  if (!backends.includes('webgl')) return;
  before = tf.getBackend();
  await tf.setBackend('webgl');
  tf.env().set('WEBGL_FORCE_F16_TEXTURES', true);
  tf.env().set('WEBGL_RENDER_FLOAT32_ENABLED', false);
  tf.registerBackend(HALF, () => new MathBackendWebGL());
  tf.copyRegisteredKernels('webgl', HALF);
  await tf.setBackend(HALF);
});
afterAll(async () => {
  if (!backends.includes('webgl')) return;
  tf.env().set('WEBGL_FORCE_F16_TEXTURES', false);
  tf.env().set('WEBGL_RENDER_FLOAT32_ENABLED', true);
  tf.removeBackend(HALF);
  await tf.setBackend(before || 'cpu');
});

suite('it is half precision, and what overflows makes the logits wrong', async () => {
  expect(isHalf()).toBe(true);
  const classifier = model();
  const bright = images(1, 1000, [0]);
  const logits = classifier.predict(bright) as tf.Tensor;
  const [first] = await logits.data();
  expect(Math.abs(first! - 0.42)).not.toBeLessThan(1); // by hand, of the biases alone: 0.3 + 0.1 * 0.2 + 0.1
  tf.dispose([bright, logits]);
  classifier.dispose();
});

/** Bright images are of the range that the model takes: it is what happens in the model that is looked at. */
const WIDE = { scale: 300, offset: -1000 };

suite.each([false, true])('an overflow inside the model is no verdict (nested: %s)', async (isNested) => {
  const classifier = model(isNested);
  const known = images(80);
  const tensors = tf.memory().numTensors;
  for (const scorer of [energy(), nearestNeighbors({ k: 3 })]) {
    const detector = await fitDetector(
      classifier,
      { images: known, labels: labelsOf(80) },
      { scorer, blockSize: 16, input: WIDE },
    );
    expect(await detector.predict(known)).toHaveLength(80);
    const bright = images(40, 1000, [37]);
    await expect(detector.predict(bright)).rejects.toThrow(NotFiniteError);
    await expect(detector.predict(bright)).rejects.toThrow(
      "Detector.predict: activations of the model must be at most 65504 in size, as this backend has half precision (take 'wasm' or 'cpu'), got more at row 37",
    );
    const fit = fitDetector(
      classifier,
      { images: bright, labels: labelsOf(40) },
      { scorer: nearestNeighbors({ k: 3 }) },
    );
    await expect(fit).rejects.toThrow('fitDetector: activations of the model');
    await expect(embed(classifier, bright, { blockSize: 16 })).rejects.toThrow('embed: activations of the model');
    expect(() => featuresOf(classifier).run(bright)).toThrow('got more at row 37');
    bright.dispose();
    detector.dispose();
  }
  const { features, logits } = featuresOf(classifier).run(known);
  tf.dispose([features, logits]);
  await embed(classifier, known);
  expect(tf.memory().numTensors).toBe(tensors);
  known.dispose();
  classifier.dispose();
});

suite('a GraphModel is looked at from node to node', async () => {
  const graph = await graphModel();
  const known = images(60, 0, [], 6);
  const detector = await fitDetector(graph, { images: known, labels: labelsOf(60) }, { scorer: energy(), input: WIDE });
  expect(await detector.predict(known)).toHaveLength(60);
  const bright = images(9, 60_000, [5], 6);
  const tensors = tf.memory().numTensors;
  await expect(detector.predict(bright)).rejects.toThrow('got more at row 5');
  expect(tf.memory().numTensors).toBe(tensors);
  detector.dispose();
  tf.dispose([known, bright]);
  graph.dispose();
});

suite('images beyond half precision are refused before they are Infinity', async () => {
  const classifier = model();
  for (const [count, value] of [
    [2, 1e5],
    [400, 1e5],
    [400, -7e4],
    [400, Infinity],
    [2, NaN],
  ] as const) {
    const x = images(count, value, [1]);
    await expect(embed(classifier, x)).rejects.toThrow('embed: images must be numbers from -65504 to 65504');
    await expect(embed(classifier, x)).rejects.toThrow('at row 1');
    x.dispose();
  }
  classifier.dispose();
});

suite('a hook of the caller’s own stays, and is called', async () => {
  const classifier = model();
  let calls = 0;
  const layer = classifier.getLayer('pool');
  layer.setCallHook(() => calls++);
  const x = images(3);
  await embed(classifier, x);
  await embed(classifier, x);
  expect(calls).toBe(2);
  layer.clearCallHook();
  await embed(classifier, x);
  expect(calls).toBe(2);
  x.dispose();
  classifier.dispose();
});

suite('a detector is loaded around its model, whose weights a texture has rounded; not around another', async () => {
  const classifier = model();
  const known = images(80);
  const before = await modelFingerprint(classifier);
  const options = { scorer: energy() };
  const detector = await fitDetector(classifier, { images: known, labels: labelsOf(80) }, options);
  const verdicts = await detector.predict(known);
  expect((await modelFingerprint(classifier)).weights).not.toBe(before.weights); // no hash survives it
  const again = await loadDetector(classifier, detector.toBytes(), options);
  expect(await again.predict(known)).toEqual(verdicts);
  const other = model();
  const bias = other.getLayer('last').weights[1]!;
  const larger = tf.tidy(() => tf.mul(bias.read(), 1.01));
  bias.write(larger);
  (other.predict(known) as tf.Tensor).dispose();
  await expect(loadDetector(other, detector.toBytes(), options)).rejects.toThrow('other weights');
  tf.dispose([known, larger]);
  for (const one of [detector, again, classifier, other]) one.dispose();
});
