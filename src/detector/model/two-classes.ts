import * as tf from '@tensorflow/tfjs-core';
import type { Head } from '../../scorers/contract/scorer';

/**
 * Of a single sigmoid's z [N, 1] the logits [N, 2] of its two classes, -z/2 and z/2: their softmax is 1 - sigmoid(z)
 * and sigmoid(z).
 */
export const twoClassLogits = (z: tf.Tensor2D): tf.Tensor2D =>
  tf.tidy(() => tf.mul<tf.Tensor2D>(z, tf.tensor2d([-0.5, 0.5], [1, 2])));

/** The dense layer of those logits, [D, 2], where z comes from one of [D, 1]. */
export function twoClassHead({ weights, bias, shape: [size] }: Head): Head {
  const halves = (column: Float32Array) =>
    Float32Array.from({ length: 2 * column.length }, (_, i) => {
      const half = column[i >> 1]! / 2;
      return i % 2 === 0 ? -half : half;
    });
  return { weights: halves(weights), bias: halves(bias), shape: [size, 2] };
}
