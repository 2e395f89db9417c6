import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../core/errors';
import { checkLabels } from '../core/labels';
import { integersBelow } from '../tensors/precision';

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
export function exactLabels(where: string, labels: ArrayLike<number>): Int32Array {
  const below = integersBelow();
  return checkLabels(where, labels, {
    ood: true,
    below,
    ...(below && { expected: `whole numbers below ${below} on webgl` }),
  });
}

/** Labels [B, 1], int32 unless they came as a tensor of floats; made inside the caller's tidy. */
export function labelColumn(where: string, labels: BatchLabels, embeddings: tf.Tensor2D): tf.Tensor2D {
  if (embeddings.rank !== 2) {
    throw new ShapeError(where, 'embeddings', '[B, D]', embeddings.shape);
  }
  const rows = embeddings.shape[0];
  const count = labels instanceof tf.Tensor ? labels.size : labels.length;
  const flat = !(labels instanceof tf.Tensor) || labels.rank === 1 || (labels.rank === 2 && labels.shape[1] === 1);
  if (count !== rows || !flat) {
    const received = labels instanceof tf.Tensor ? `[${labels.shape.join(', ')}]` : `${count} labels`;
    throw new ShapeError(where, 'labels', `[${rows}], one for each row of embeddings`, received);
  }
  if (!(labels instanceof tf.Tensor)) return tf.tensor2d(exactLabels(where, labels), [rows, 1], 'int32');
  return tf.cast(tf.reshape(labels, [rows, 1]), labels.dtype === 'float32' ? 'float32' : 'int32');
}
