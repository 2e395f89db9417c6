import * as tf from '@tensorflow/tfjs-core';

/** Beyond every distance of interest, within the range of half floats. */
export const FAR = 6e4;

/** The values where the mask is 1, far below all of them elsewhere. */
export const within = (values: tf.Tensor, mask: tf.Tensor): tf.Tensor =>
  tf.sub(tf.mul(values, mask), tf.mul(FAR, tf.sub(1, mask)));

/** The largest value where the mask is 1, along the last axis. */
export const farthest = (values: tf.Tensor, mask: tf.Tensor): tf.Tensor => tf.max(within(values, mask), -1, true);

/** The smallest value where the mask is 1, along the last axis. */
export const nearest = (values: tf.Tensor, mask: tf.Tensor): tf.Tensor => tf.neg(farthest(tf.neg(values), mask));

/** Equal shares for those where `mask` is 1 and `values` is `best`, along the last axis. */
export function sharesOf(values: tf.Tensor, best: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  const chosen = tf.mul(tf.cast(tf.equal(values, best), 'float32'), mask);
  return tf.divNoNan(chosen, tf.sum(chosen, -1, true));
}
