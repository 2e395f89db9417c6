import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { normal } from '../against-cpu';
import {
  anyConvolution,
  ceiledGradients,
  convGradients,
  FAR,
  UNEQUAL,
  type Conv,
  type Pad,
  type Sides,
} from '../convolutions';
import { againstCpu, cases } from './cases';

let before: number;
beforeEach(() => void (before = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors, 'tensors left behind').toBe(before));
afterAll(() => tf.setBackend('webgpu'));

describe('gradients of conv2d', () => {
  test.each<[string, Conv]>([
    ['one channel', { input: [1, 5, 5, 1], filter: [3, 3], outChannels: 1, stride: 1, pad: 'same' }],
    ['unequal padding', { input: [3, 7, 9, 3], filter: [3, 3], outChannels: 5, stride: [1, 2], pad: UNEQUAL }],
    ['a number as padding', { input: [2, 6, 6, 2], filter: [3, 3], outChannels: 3, stride: 2, pad: 1 }],
    ['an even filter', { input: [3, 7, 9, 3], filter: [2, 4], outChannels: 5, stride: [2, 1], pad: 'same' }],
    ['channels of x by four', { input: [2, 5, 6, 8], filter: [3, 3], outChannels: 5, stride: 1, pad: 'same' }],
    ['channels of dy by four', { input: [2, 5, 6, 3], filter: [3, 3], outChannels: 8, stride: 1, pad: 'same' }],
    ['more than a tile', { input: [2, 4, 5, 68], filter: [3, 3], outChannels: 72, stride: 1, pad: 'valid' }],
    ['pixels in parts', { input: [9, 16, 16, 4], filter: [3, 3], outChannels: 4, stride: 1, pad: 'same' }],
    ['depth in parts', { input: [1, 3, 3, 5], filter: [3, 3], outChannels: 65, stride: 1, pad: 'same' }],
    ['more padding than the filter reaches', FAR],
  ])('%s', (_, conv) => againstCpu(() => convGradients(conv)));

  test.each(['conv2d', 'depthwiseConv2d'] as const)('%s of a size that is rounded up', (kind) =>
    againstCpu(() => ceiledGradients(kind)),
  );

  test('any shape', async () => {
    await fc.assert(
      fc.asyncProperty(anyConvolution, (conv) => againstCpu(() => convGradients(conv))),
      { numRuns: cases(4, 40) },
    );
  });

  // tfjs refuses gradients with a dilation; kernels are called as it would call them.
  test.each<[Sides, Pad]>([
    [[2, 3], 'same'],
    [[3, 1], UNEQUAL],
  ])('dilation %s, %s: that of a filter with holes', (dilations, pad) =>
    againstCpu(() => {
      const [x, w] = [normal([2, 9, 8, 3], 1) as tf.Tensor4D, normal([2, 3, 3, 5], 2) as tf.Tensor4D];
      const dy = normal(tf.conv2d(x, w, 1, pad, 'NHWC', dilations).shape, 3);
      if (tf.getBackend() === 'webgpu') {
        const attrs = { strides: 1, pad, dilations, dataFormat: 'NHWC' } as unknown as tf.NamedAttrMap;
        const run = (name: string, inputs: tf.NamedTensorMap, more: object) =>
          tf.engine().runKernel<tf.Tensor>(name, inputs, { ...attrs, ...more });
        return [
          run(tf.Conv2DBackpropInput, { dy, filter: w }, { inputShape: x.shape }),
          run(tf.Conv2DBackpropFilter, { x, dy }, { filterShape: w.shape }),
        ];
      }
      const [tall, wide] = [dilations[0] + 1, 2 * dilations[1] + 1];
      const at = Array.from({ length: 6 }, (_, i) => Math.floor(i / 3) * dilations[0] * wide + (i % 3) * dilations[1]);
      const spread = tf.cast(tf.oneHot(tf.tensor1d(at, 'int32'), tall * wide), 'float32');
      const holes = (a: tf.Tensor) =>
        tf.reshape<tf.Rank.R4>(tf.matMul(spread, tf.reshape(a, [6, 15]), true), [tall, wide, 3, 5]);
      return tf.grads((a, b) => tf.conv2d(a as tf.Tensor4D, holes(b), 1, pad))([x, w], dy);
    }),
  );
});

describe('gradients of depthwise conv2d', () => {
  test.each<[number, Pad, number]>([
    [1, 'same', 1],
    [2, 'same', 3],
    [2, 'valid', 1],
    [1, 1, 3],
  ])('stride %s, %s, multiplier %s', (stride, pad, multiplier) =>
    againstCpu(() => {
      const forward = (a: tf.Tensor, b: tf.Tensor) =>
        tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad);
      const x = normal([2, 7, 6, 3], 1);
      const w = normal([3, 2, 3, multiplier], 2);
      return tf.grads(forward)([x, w], normal(forward(x, w).shape, 3));
    }),
  );
  test('pixels in parts', () =>
    againstCpu(() => {
      const forward = (a: tf.Tensor, b: tf.Tensor) => tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'same');
      const [x, w] = [normal([3, 9, 7, 5], 1), normal([3, 3, 5, 1], 2)];
      return tf.grads(forward)([x, w], normal([3, 9, 7, 5], 3));
    }));
});

describe('gradients of pools', () => {
  type Case = [size: number | Sides, stride: number, pad: 'same' | 'valid' | number];
  const shapes: Case[] = [
    [2, 2, 'valid'],
    [2, 2, 'same'],
    [3, 2, 'same'],
    [[2, 3], 1, 'same'],
    [1, 2, 'valid'],
    [5, 3, 2],
  ];
  const gradient = (kind: 'maxPool' | 'avgPool', x: tf.Tensor, [size, stride, pad]: Case) => {
    const pool = (t: tf.Tensor) => tf[kind](t as tf.Tensor4D, size, stride, pad);
    return [tf.grad(pool)(x, normal(pool(x).shape, 4))];
  };
  // Whole numbers, so that there are ties; below 0, too.
  const tied = (shape: number[]) => tf.sub(tf.round(normal(shape, 7)), 2);
  test.each(shapes)('window %s, stride %s, %s', async (...shape) => {
    await againstCpu(() => gradient('avgPool', normal([2, 7, 9, 3], 1), shape));
    await againstCpu(() => gradient('maxPool', tied([2, 7, 9, 3]), shape));
  });
  test('ties go to the first', () => againstCpu(() => gradient('maxPool', tf.zeros([1, 4, 4, 2]), [2, 2, 'valid'])));
  test('any shape', async () => {
    const any = fc.record({
      shape: fc.tuple(...[3, 9, 9, 9].map((max) => fc.integer({ min: 1, max }))),
      size: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
      stride: fc.integer({ min: 1, max: 4 }),
      kind: fc.constantFrom('maxPool' as const, 'avgPool' as const),
    });
    await fc.assert(
      fc.asyncProperty(any, ({ shape, size, stride, kind }) =>
        againstCpu(() => gradient(kind, tied(shape), [size, stride, 'same'])),
      ),
      { numRuns: cases(5, 40) },
    );
  });
});
