import * as tf from '@tensorflow/tfjs-core';

/**
 * Squared distances [B, C] of rows [B, D] to other rows [C, D], from their differences, with gradients for both.
 * Memory is B x C x D: meant for class centers, not for a whole batch.
 */
export function squaredDistancesTo(rows: tf.Tensor2D, centers: tf.Tensor2D): tf.Tensor2D {
  const difference = tf.sub(tf.expandDims(rows, 1), tf.expandDims(centers, 0));
  return tf.sum<tf.Tensor2D>(tf.square(difference), 2);
}
