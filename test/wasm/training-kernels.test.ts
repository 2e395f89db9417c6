import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import 'tfjs-ood/wasm';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { registerTrainingKernels, trainingKernels } from 'tfjs-ood/wasm';
import { againstCpuOn, normal } from '../against-cpu';
import { anyConvolution, ceiledGradients, convGradients, FAR, UNEQUAL, type Conv, type Pad } from '../convolutions';

type Malloc = (bytes: number) => number;

beforeAll(async () => {
  for (const backend of ['cpu', 'wasm'])
    if (!(await tf.setBackend(backend))) throw new Error(`${backend} did not start`);
});
let before: number;
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors, 'tensors left behind').toBe(before));

const compare = againstCpuOn('wasm');

describe('gradients of conv2d', () => {
  const cases: Conv[] = [];
  for (const filter of [
    [1, 1],
    [2, 2],
    [3, 3],
    [5, 5],
    [3, 1],
    [1, 4],
  ] as [number, number][]) {
    for (const stride of [1, 2, [1, 2], [2, 1]] as (number | [number, number])[]) {
      for (const pad of ['same', 'valid', UNEQUAL] as Pad[]) {
        cases.push({ input: [3, 7, 9, 3], filter, outChannels: 5, stride, pad });
      }
    }
  }
  test.each(cases)('$filter, stride $stride, $pad', (conv) => compare(() => convGradients(conv)));

  test.each(['conv2d', 'depthwiseConv2d'] as const)('%s of a size that is rounded up', (kind) =>
    compare(() => ceiledGradients(kind)),
  );

  test.each<[string, Conv]>([
    ['one channel', { input: [1, 5, 5, 1], filter: [3, 3], outChannels: 1, stride: 1, pad: 'same' }],
    ['one image', { input: [1, 6, 5, 3], filter: [3, 3], outChannels: 16, stride: 1, pad: 'same' }],
    ['five images', { input: [5, 6, 5, 16], filter: [5, 5], outChannels: 8, stride: 2, pad: 'valid' }],
    ['more channels than a block', { input: [8, 3, 3, 300], filter: [3, 3], outChannels: 24, stride: 1, pad: 'same' }],
    ['more pixels than a block', { input: [64, 4, 9, 32], filter: [3, 3], outChannels: 8, stride: 1, pad: 'same' }],
    ['64 images', { input: [64, 4, 4, 2], filter: [3, 3], outChannels: 4, stride: 1, pad: 'same' }],
    ['more padding than the filter reaches', FAR],
    ['a number as padding', { input: [2, 6, 6, 2], filter: [3, 3], outChannels: 3, stride: 2, pad: 1 }],
  ])('%s', (_, conv) => compare(() => convGradients(conv)));

  test('any shape', async () => {
    await fc.assert(
      fc.asyncProperty(anyConvolution, (conv) => compare(() => convGradients(conv))),
      { numRuns: 40 },
    );
  });
});

describe('gradients of depthwise conv2d', () => {
  const cases: [number, Pad, number][] = [];
  for (const stride of [1, 2]) {
    for (const pad of ['same', 'valid', 1] as Pad[])
      for (const multiplier of [1, 3]) cases.push([stride, pad, multiplier]);
  }
  // tfjs itself refuses gradients with a dilation.
  test.each(cases)('stride %s, %s, multiplier %s', (stride, pad, multiplier) =>
    compare(() => {
      const forward = (a: tf.Tensor, b: tf.Tensor) =>
        tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad);
      const x = normal([2, 7, 6, 3], 1);
      // tfjs's wasm forward pass itself writes past its output for a number as padding and a filter that is not square.
      const w = normal([3, pad === 1 ? 3 : 2, 3, multiplier], 2);
      return tf.grads(forward)([x, w], normal(forward(x, w).shape, 3));
    }),
  );
});

describe('gradient of max pooling', () => {
  const poolGradient = (
    x: tf.Tensor,
    size: number | [number, number],
    stride: number,
    pad: 'same' | 'valid' | number,
  ) => {
    const pool = (t: tf.Tensor) => tf.maxPool(t as tf.Tensor4D, size, stride, pad);
    return [tf.grad(pool)(x, normal(pool(x).shape, 4))];
  };
  test.each([
    [2, 2, 'valid'],
    [2, 2, 'same'],
    [3, 2, 'same'],
    [3, 1, 'valid'],
    [[2, 3], 1, 'same'],
    [2, 2, 1],
  ] as [number | [number, number], number, 'same' | 'valid' | number][])(
    'window %s, stride %s, %s',
    (size, stride, pad) => compare(() => poolGradient(normal([3, 7, 5, 6], 7), size, stride, pad)),
  );
  test('windows below 0', () =>
    compare(() => poolGradient(tf.sub(tf.neg(tf.abs(normal([2, 6, 6, 3], 8))), 1), 2, 2, 'valid')));
  // A multiple of four channels goes another way than the rest.
  test.each([
    [2, 2, 'valid', 4],
    [2, 2, 'same', 8],
    [3, 2, 'same', 4],
    [3, 1, 'same', 4],
    [1, 2, 'valid', 4],
    [[2, 3], 1, 'valid', 12],
    [5, 3, 2, 4],
  ] as [number | [number, number], number, 'same' | 'valid' | number, number][])(
    'window %s, stride %s, %s, %s channels, negative and tied',
    (size, stride, pad, channels) =>
      compare(() => poolGradient(tf.sub(tf.round(normal([5, 7, 9, channels], 7)), 2), size, stride, pad)),
  );
  test('any shape', async () => {
    const cases = fc.record({
      shape: fc.tuple(...[3, 9, 9, 9].map((max) => fc.integer({ min: 1, max }))),
      size: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
      stride: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(cases, ({ shape, size, stride }) =>
        compare(() => poolGradient(tf.round(tf.mul(2, normal(shape, 5))), size, stride, 'same')),
      ),
      { numRuns: 40 },
    );
  });
  test('ties go to the first', () => compare(() => poolGradient(tf.zeros([1, 4, 4, 2]), 2, 2, 'valid')));
});

describe('other kernels', () => {
  test.each([
    [false, true],
    [true, false],
    [true, true],
  ])('matMul, transposed %s %s', (a, b) =>
    compare(() => {
      const left = normal(a ? [2, 7, 5] : [2, 5, 7], 1);
      const right = normal(b ? [2, 3, 7] : [2, 7, 3], 2);
      return [tf.matMul(left, right, a, b), ...tf.grads((x, y) => tf.matMul(x, y, a, b))([left, right])];
    }),
  );
  test.each<[number[], number | number[] | undefined, boolean]>([
    [[3, 4, 5, 8], [0, 1, 2], false],
    [[3, 4, 5, 8], [2, 0, 1], true],
    [[3, 4, 5, 8], [-4, -3, -2], false],
    [[700, 4], 0, true],
    [[700, 6], 0, false],
    [[7, 4], 1, false],
    [[7, 4], undefined, false],
    [[8], 0, true],
    [[2, 3, 4], [0, 2], true],
  ])('sum of %s over %s, keepDims %s', (shape, axis, keepDims) =>
    compare(() => [tf.sum(normal(shape, 1), axis, keepDims), tf.sum(tf.ones(shape, 'int32'), axis, keepDims)]),
  );
  test('a sum of no rows is 0', () => compare(() => [tf.sum(tf.zeros([0, 4]), 0)]));
  test('the error of a long sum grows with 256 + rows / 256, not with rows', async () => {
    await tf.setBackend('wasm');
    const rows = 65_536;
    // Each a value that float32 rounds, mostly one way, as the sum grows
    const row = Float32Array.of(0.1, 0.7, 0.123, 1.1);
    const columns = tf.tidy(() => tf.sum(tf.mul(tf.ones([rows, 1]), tf.tensor2d(row, [1, 4])), 0));
    const sums = await columns.data();
    columns.dispose();
    const bound = (256 + rows / 256) * 2 ** -24; // each addition of positive numbers is off by at most that share
    row.forEach((value, column) => {
      expect(Math.abs(sums[column]! / (rows * value) - 1), `of ${value}`).toBeLessThan(bound); // in float64
    });
  });
  test('a clone outlives its original', async () => {
    await tf.setBackend('wasm');
    const original = tf.tensor1d([1, 2, 3]);
    const clone = tf.clone(original);
    original.dispose();
    const other = tf.fill([3], 9);
    expect(Array.from(await clone.data())).toEqual([1, 2, 3]);
    tf.dispose([clone, other]);
  });
  test('assigning to a variable leaves its clone as it was', async () => {
    await tf.setBackend('wasm');
    const start = tf.tensor1d([1, 2, 3]);
    const variable = tf.variable(start);
    const clone = tf.clone(variable);
    const next = tf.tensor1d([4, 5, 6]);
    variable.assign(next);
    expect(Array.from(await clone.data())).toEqual([1, 2, 3]);
    tf.dispose([start, variable, clone, next]);
  });
  test('gradient of gather', () =>
    compare(() => [
      tf.grad((x: tf.Tensor) => tf.square(tf.gather(x, tf.tensor1d([3, 0, 3, 1], 'int32'))))(normal([5, 2, 3], 1)),
      tf.unsortedSegmentSum(normal([4, 2], 1), tf.tensor1d([2, -1, 0, 2], 'int32'), 4),
    ]));
});

test('registering twice changes nothing', () => {
  const kernels = trainingKernels.map((name) => tf.getKernel(name, 'wasm').kernelFunc);
  registerTrainingKernels();
  expect(trainingKernels.map((name) => tf.getKernel(name, 'wasm').kernelFunc)).toEqual(kernels);
});

test('an allocation that fails throws, and the backend goes on', async () => {
  await tf.setBackend('wasm');
  const backend = tf.backend() as BackendWasm;
  const kept: tf.TensorInfo[] = [];
  try {
    expect(() => {
      // 512 MiB each, of memory that nobody touches.
      for (let i = 0; i < 9; i++) kept.push(backend.makeOutput([2 ** 27 - 64], 'float32'));
    }).toThrow(/no room for 536870656 more bytes/);
    expect(kept.length).toBeGreaterThan(2);
  } finally {
    kept.forEach(({ dataId }) => backend.disposeData(dataId));
  }
  const four = tf.add(2, 2);
  expect((await four.data())[0]).toBe(4);
  four.dispose();
});

test('a kernel that finds no memory on its way leaves nothing behind', async () => {
  await tf.setBackend('wasm');
  const backend = tf.backend() as BackendWasm;
  const heap = backend.wasm as unknown as { _malloc: Malloc; asm: { malloc: Malloc } };
  const x = tf.ones<tf.Rank.R4>([2, 6, 6, 3]);
  const w = tf.ones<tf.Rank.R4>([3, 3, 3, 4]);
  const dy = tf.ones<tf.Rank.R4>([2, 3, 3, 4]);
  tf.dispose([x, w, dy].map((t) => tf.add(t, 0)));
  const attrs = { strides: 2, pad: 'same', dataFormat: 'NHWC' };
  const run = (name: string, inputs: tf.NamedTensorInfoMap, more: object) => () =>
    void tf.engine().runKernel(name, inputs as unknown as tf.NamedTensorMap, { ...attrs, ...more });
  const { malloc } = heap.asm;
  const data = backend.numDataIds();
  for (const allowed of [0, 1, 2]) {
    let left = allowed;
    // The guard's setter takes this for the module's own export, as when that replaces itself.
    heap._malloc = (bytes) => (left-- > 0 ? malloc(bytes) : 0);
    try {
      expect(run(tf.Conv2DBackpropFilter, { x, dy }, { filterShape: w.shape })).toThrow(/no room/);
      left = allowed;
      expect(run(tf.Conv2DBackpropInput, { dy, filter: w }, { inputShape: x.shape })).toThrow(/no room/);
    } finally {
      heap._malloc = malloc;
    }
    expect(backend.numDataIds()).toBe(data);
  }
  tf.dispose([x, w, dy]);
});
