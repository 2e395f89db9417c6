import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { ArgumentError } from 'tfjs-ood';
import { createTrainer } from 'tfjs-ood/training';
import { expect, test } from 'vitest';
import { expectClose } from '../expect-close';
import { pairwiseLoss, smallModel, weightsOf } from './small-model';

// Nothing here may import tfjs-ood/wasm before the last test does: what is looked at is the backend as it is shipped.
const isImported = () => Boolean(tf.getKernel('UnsortedSegmentSum', 'wasm') as unknown);

const LABELS = [0, 1, 0, 1];
const rowsOf = (side: number) => ({
  set: {
    images: Uint8Array.from({ length: 4 * side * side }, (_, i) => (i * 37) % 256),
    shape: [4, side, side, 1] as const,
  },
  indices: [0, 1, 2, 3],
});
const rows = rowsOf(4);

const normal = (seed: number) => tfl.initializers.randomNormal({ stddev: 0.5, mean: 0, seed });
/** Some layers on [N, 4, 4, 1], and a dense one [N, 2] behind them. */
const modelOf = (...layers: tfl.layers.Layer[]) =>
  tfl.sequential({
    layers: [...layers, tfl.layers.flatten(), tfl.layers.dense({ units: 2, kernelInitializer: normal(3) })],
  });
const inputShape = [4, 4, 1];
const models = {
  convolution: () =>
    modelOf(
      tfl.layers.conv2d({ filters: 3, kernelSize: 2, inputShape, kernelInitializer: normal(1), activation: 'tanh' }),
    ),
  depthwise: () => modelOf(tfl.layers.depthwiseConv2d({ kernelSize: 2, inputShape, depthwiseInitializer: normal(1) })),
  pool: () =>
    modelOf(
      tfl.layers.reshape({ targetShape: [4, 4, 1], inputShape }),
      tfl.layers.maxPooling2d({ poolSize: 2, name: 'pool' }),
    ),
  'pool of one axis': () =>
    modelOf(
      tfl.layers.reshape({ targetShape: [16, 1], inputShape }),
      tfl.layers.maxPooling1d({ poolSize: 2, name: 'pool' }),
    ),
  'pool in a model of the model': () =>
    modelOf(tfl.sequential({ layers: [tfl.layers.maxPooling2d({ poolSize: 2, name: 'pool', inputShape })] })),
};
const EXPECTED = "one that has the gradients of convolutions and pools (import 'tfjs-ood/wasm')";

/** Losses of some steps, and the weights after them. */
async function trained(make: () => tfl.LayersModel, images = rows) {
  const model = make();
  const trainer = createTrainer(model, { loss: pairwiseLoss, seed: 1, learningRate: 0.05 });
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) losses.push((await trainer.step(images, LABELS, 0)).loss);
  trainer.dispose();
  const weights = (await weightsOf(model)).flatMap((values) => Array.from(values));
  model.dispose();
  return { losses, weights };
}

test('a model of dense layers trains on the backend as it is shipped', async () => {
  await tf.setBackend('cpu');
  const expected = await trained(smallModel, rowsOf(2));
  await tf.setBackend('wasm');
  const found = await trained(smallModel, rowsOf(2));
  expect(isImported()).toBe(false);
  expectClose(found.losses, expected.losses, { relative: 1e-5 });
  expect(found.losses[2]).toBeLessThan(found.losses[0]!);
});

test('as shipped, max pooling passes no gradient to a window whose maximum is not positive', async () => {
  const gradientOn = async (backend: string, values: number[]) => {
    await tf.setBackend(backend);
    const gradient = tf.tidy(() =>
      tf.grad((x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'))(tf.tensor4d(values, [2, 2, 2, 1])),
    );
    const found = await gradient.data();
    gradient.dispose();
    return Array.from(found);
  };
  const positive = [1, 2, 3, 4, 8, 7, 6, 5];
  expect(await gradientOn('cpu', positive)).toEqual([0, 0, 0, 1, 1, 0, 0, 0]);
  expect(await gradientOn('wasm', positive)).toEqual([0, 0, 0, 1, 1, 0, 0, 0]);
  for (const others of [
    [-4, -1, -2, -3],
    [-1, 0, -1, -1],
  ]) {
    const values = [1, 2, 3, 4, ...others];
    expect((await gradientOn('cpu', values)).slice(4)).toEqual([0, 1, 0, 0]);
    expect((await gradientOn('wasm', values)).slice(4)).toEqual([0, 0, 0, 0]); // it went to another image, or nowhere
  }
  expect(isImported()).toBe(false);
});

/** What a step is refused with; nothing must have moved, and no tensor be left. */
async function refused(model: tfl.LayersModel, options: { partSize?: number } = {}) {
  let calls = 0;
  const loss: typeof pairwiseLoss = (...given) => {
    calls++;
    return pairwiseLoss(...given);
  };
  const trainer = createTrainer(model, { loss, seed: 1, ...options });
  const before = { weights: await weightsOf(model), tensors: tf.memory().numTensors };
  const error: unknown = await trainer.step(rows, LABELS, 0).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ArgumentError);
  expect(await weightsOf(model)).toEqual(before.weights);
  expect(tf.memory().numTensors).toBe(before.tensors);
  expect(trainer.steps).toBe(0);
  trainer.dispose();
  return { details: (error as ArgumentError).details, calls };
}

test.each(['pool', 'pool of one axis', 'pool in a model of the model'] as const)(
  'a model with a %s is refused before it is run',
  async (name) => {
    await tf.setBackend('wasm');
    const model = models[name]();
    const { details, calls } = await refused(model);
    const received = 'that of tfjs, which is wrong for pool';
    expect(details).toEqual({ where: 'Trainer.step', what: 'the wasm backend', expected: EXPECTED, received });
    expect(calls).toBe(0);
    model.dispose();
    expect(isImported()).toBe(false);
  },
);

test('other backends are asked for nothing', async () => {
  await tf.setBackend('cpu');
  for (const make of Object.values(models)) expect((await trained(make)).losses).toHaveLength(3);
  expect(isImported()).toBe(false);
});

test.each([
  ['convolution', {}, 'Conv2DBackpropFilter'],
  ['convolution', { partSize: 2 }, 'Conv2DBackpropFilter'],
  ['depthwise', {}, 'DepthwiseConv2dNativeBackpropFilter'],
] as const)('a step of a model with a %s (%o) names the import', async (name, options, kernel) => {
  await tf.setBackend('wasm');
  const model = models[name]();
  const { details } = await refused(model, options);
  const received = `no kernel ${kernel}`;
  expect(details).toEqual({ where: 'Trainer.step', what: 'the wasm backend', expected: EXPECTED, received });
  model.dispose();
  expect(isImported()).toBe(false);
});

test('what else a loss throws is passed on as it is', async () => {
  await tf.setBackend('wasm');
  const model = smallModel();
  const own = new Error("Kernel 'Mine' not found for backend 'wasm'");
  const loss = () => {
    throw own;
  };
  const trainer = createTrainer(model, { loss, seed: 1 });
  await expect(trainer.step(rowsOf(2), LABELS, 0)).rejects.toBe(own);
  trainer.dispose();
  model.dispose();
});

test('the same trainers work once it is imported, and as on cpu', async () => {
  const all = Object.values(models);
  await tf.setBackend('cpu');
  const expected: Awaited<ReturnType<typeof trained>>[] = [];
  for (const make of all) expected.push(await trained(make));

  await tf.setBackend('wasm');
  const trainers = all.map((make) => {
    const model = make();
    return { model, trainer: createTrainer(model, { loss: pairwiseLoss, seed: 1, learningRate: 0.05 }) };
  });
  for (const { trainer } of trainers) await expect(trainer.step(rows, LABELS, 0)).rejects.toThrow("'tfjs-ood/wasm'");
  await import('tfjs-ood/wasm');
  expect(isImported()).toBe(true);
  const before = tf.memory().numTensors;
  for (const [i, { model, trainer }] of trainers.entries()) {
    for (const loss of expected[i]!.losses) {
      expectClose((await trainer.step(rows, LABELS, 0)).loss, loss, { relative: 1e-4 });
    }
    expect(expected[i]!.losses[2]).not.toBe(expected[i]!.losses[0]);
    const weights = (await weightsOf(model)).flatMap((values) => Array.from(values));
    expectClose(weights, expected[i]!.weights, { relative: 1e-3, absolute: 1e-4 });
  }
  expect(tf.memory().numTensors).toBe(before);
  for (const { model, trainer } of trainers) {
    trainer.dispose();
    model.dispose();
  }
});
