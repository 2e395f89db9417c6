import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect } from 'vitest';
import { normal } from './against-cpu';

export type Sides = [number, number];
export type Pad = 'same' | 'valid' | number | [Sides, Sides, Sides, Sides];
export interface Conv {
  input: [number, number, number, number];
  filter: Sides;
  outChannels: number;
  stride: number | Sides;
  pad: Pad;
}

export const UNEQUAL: Pad = [
  [0, 0],
  [2, 1],
  [0, 2],
  [0, 0],
];

/** More padding than the filter reaches. */
export const FAR: Conv = {
  input: [2, 4, 4, 2],
  filter: [2, 2],
  outChannels: 3,
  stride: 1,
  pad: [
    [0, 0],
    [3, 3],
    [3, 3],
    [0, 0],
  ],
};

/** Gradients of input and filter. */
export const convGradients = ({ input, filter, outChannels, stride, pad }: Conv): tf.Tensor[] => {
  const x = normal(input, 1) as tf.Tensor4D;
  const w = normal([...filter, input[3], outChannels], 2) as tf.Tensor4D;
  const forward = (a: tf.Tensor, b: tf.Tensor) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad);
  return tf.grads(forward)([x, w], normal(forward(x, w).shape, 3));
};

/**
 * Those of a convolution whose size is rounded up. tfjs's gradients forget how it was rounded; rounded up, it is that
 * of one more row and column of padding.
 */
export function ceiledGradients(kind: 'conv2d' | 'depthwiseConv2d'): tf.Tensor[] {
  const ceiled: Pad = [
    [0, 0],
    [1, 2],
    [1, 2],
    [0, 0],
  ];
  const [pad, rounding] = tf.getBackend() === 'cpu' ? ([ceiled, undefined] as const) : ([1 as Pad, 'ceil'] as const);
  const forward = (a: tf.Tensor, b: tf.Tensor) =>
    tf[kind](a as tf.Tensor4D, b as tf.Tensor4D, 2, pad, 'NHWC', 1, rounding);
  const [x, w] = [normal([2, 8, 8, 4], 1), normal([3, 3, 4, 3], 2)];
  const dy = normal(forward(x, w).shape, 3);
  expect(dy.shape.slice(1, 3)).toEqual([5, 5]);
  return tf.grads(forward)([x, w], dy);
}

// At least 4 in all, so that a filter of 5 fits on an input of 1.
const sides = fc.tuple(fc.integer({ min: 2, max: 4 }), fc.integer({ min: 2, max: 4 }));
const explicitPad = fc.tuple(sides, sides).map<Pad>(([vertical, horizontal]) => [[0, 0], vertical, horizontal, [0, 0]]);

export const anyConvolution: fc.Arbitrary<Conv> = fc.record({
  input: fc.tuple(...[5, 9, 9, 9].map((max) => fc.integer({ min: 1, max }))) as fc.Arbitrary<Conv['input']>,
  filter: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
  outChannels: fc.integer({ min: 1, max: 17 }),
  stride: fc.integer({ min: 1, max: 3 }),
  pad: fc.oneof(fc.constant<Pad>('same'), explicitPad),
});
