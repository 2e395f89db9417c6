import * as tf from '@tensorflow/tfjs-core';
import { oodColumn } from './batch-labels';

/**
 * For every row and column whether they are a positive pair (one class, none OoD, not the row itself) and whether the
 * column is a negative for the row (the row known; the column of another class or OoD). [B, C] of 0 and 1; the first B
 * columns are the rows, which `self` says with 1.
 */
export function anchorMasks(
  labels: tf.Tensor2D,
  columnLabels: tf.Tensor2D = tf.transpose(labels),
  self: tf.Tensor2D = tf.eye(labels.shape[0], columnLabels.shape[1]),
): { positive: tf.Tensor2D; negative: tf.Tensor2D } {
  const known = tf.sub<tf.Tensor2D>(1, oodColumn(labels));
  const same = tf.mul<tf.Tensor2D>(tf.cast(tf.equal(labels, columnLabels), 'float32'), known);
  return {
    positive: tf.mul(same, tf.sub(1, self)),
    negative: tf.sub<tf.Tensor2D>(known, same),
  };
}

/**
 * [B, C] of 0 and 1; a row of zeros for OoD. A row of NaN for a label of a tensor that is no class among C, which
 * cannot be read without stalling: so the loss is NaN, and no class becomes another in silence.
 */
export function oneHotKnown(labels: tf.Tensor2D, classes: number): tf.Tensor2D {
  const isClass = tf.equal<tf.Tensor2D>(labels, tf.reshape(tf.range(0, classes, 1, 'int32'), [1, classes]));
  const isKnown = tf.logicalOr(tf.any(isClass, 1, true), tf.less(labels, 0));
  return tf.where<tf.Tensor2D>(isKnown, tf.cast<tf.Tensor2D>(isClass, 'float32'), NaN);
}

/**
 * 0, or NaN where one of the values is NaN or infinite: what a loss adds whose other parts may lose them (a choice of
 * pairs leaves them out, and `relu` of NaN is 0 on wasm).
 */
export const unlessFinite = (values: tf.Tensor): tf.Scalar => tf.sum(tf.mul(values, 0));

/** Mean of the values [B, 1] where the mask [B, 1] is 1; 0 where it never is. */
export function meanWhere(values: tf.Tensor, mask: tf.Tensor): tf.Scalar {
  return tf.div(tf.sum(tf.mul(values, mask)), tf.maximum(tf.sum(mask), 1));
}
