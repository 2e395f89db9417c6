import * as tf from '@tensorflow/tfjs-core';

/**
 * The values where the mask is 1, elsewhere the least of the row, masked or not: above none of them on any scale, where
 * a constant would be passed by large values or by the range of half floats. Each value stays as it is, to the bit.
 */
export const within = (values: tf.Tensor, mask: tf.Tensor, least = tf.min(values, -1, true)): tf.Tensor =>
  tf.add(tf.mul(values, mask), tf.mul(least, tf.sub(1, mask)));

/**
 * The largest value where the mask is 1, along the last axis; the least of all may be given, where it is known already.
 */
export const farthest = (values: tf.Tensor, mask: tf.Tensor, least?: tf.Tensor): tf.Tensor =>
  tf.max(within(values, mask, least), -1, true);

/** The smallest value where the mask is 1, along the last axis; the largest of all may be given. */
export const nearest = (values: tf.Tensor, mask: tf.Tensor, most = tf.max(values, -1, true)): tf.Tensor =>
  tf.min(within(values, mask, most), -1, true);

/** Equal shares for those where `mask`, of 0 and 1, is 1 and `values` is `best`, along the last axis. */
export function sharesOf(values: tf.Tensor, best: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  const chosen = tf.mul(tf.cast(tf.equal(values, best), 'float32'), mask);
  return tf.div(chosen, tf.maximum(tf.sum(chosen, -1, true), 1));
}
