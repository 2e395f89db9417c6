import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../core/errors';
import { checkLabels, type LabelRule } from '../core/labels';
import { integersBelow } from '../tensors/precision';
import { checkBatchRows } from '../tensors/batch-rows';

/**
 * Label of an out-of-distribution image; any label below 0 means the same.
 *
 * @example
 * odmLoss([0, OOD_LABEL], tf.tensor2d([[0, 0], [3, 4]])); // 2.5
 */
export const OOD_LABEL = -1;

/** Class indices of a batch [B], below 0 for OoD; a tensor may be [B, 1] too, as tfjs hands them to a loss. */
export type BatchLabels = tf.Tensor | ArrayLike<number>;

/**
 * Labels that a tensor of this backend holds exactly, so that no two classes become one: webgl keeps whole numbers as
 * floats, which have no more than 24 bits (half floats 11).
 */
export function exactLabels(where: string, labels: ArrayLike<number>, rule?: LabelRule): Int32Array {
  return checkLabels(where, labels, { ood: true, ...rule, below: Math.min(rule?.below ?? Infinity, integersBelow()) });
}

/**
 * Labels [B, 1], int32 unless they came as a tensor of floats; made inside the caller's tidy. The rule is for arrays:
 * labels of a tensor cannot be read without stalling.
 */
export function labelColumn(
  where: string,
  labels: BatchLabels,
  embeddings: tf.Tensor2D,
  rule?: LabelRule,
): tf.Tensor2D {
  checkBatchRows(where, embeddings);
  const own = labels instanceof tf.Tensor ? labels : tf.tensor1d(exactLabels(where, labels, rule));
  const rows = embeddings.shape[0];
  if (own.shape[0] !== rows || own.size !== rows || own.dtype === 'string') {
    throw new ShapeError(where, 'labels', `[${rows}], one for each row`, own.shape);
  }
  return tf.cast(tf.reshape(own, [rows, 1]), own.dtype === 'float32' ? 'float32' : 'int32');
}

/**
 * Which labels are OoD, [B, 1] (or [1, C]) of 0 and 1. No gradient flows through labels, so comparisons are allowed.
 */
export const oodColumn = (labels: tf.Tensor2D): tf.Tensor2D => tf.cast(tf.less(labels, 0), 'float32') as tf.Tensor2D;
