import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError, ShapeError } from '../errors';

/**
 * Label of an out-of-distribution image; any label below 0 means the same.
 *
 * @example
 * odmLoss([0, OOD_LABEL], tf.tensor2d([[0, 0], [3, 4]])); // 2.5
 */
export const OOD_LABEL = -1;

/** Class indices of a batch [B], below 0 for OoD; a tensor may be [B, 1] too, as tfjs hands them to a loss. */
export type BatchLabels = tf.Tensor | ArrayLike<number>;

/** Labels as float32 [B, 1]; made inside the caller's tidy. */
export function labelColumn(where: string, labels: BatchLabels, embeddings: tf.Tensor2D): tf.Tensor2D {
  if (embeddings.rank !== 2) {
    throw new ShapeError({
      where,
      what: 'embeddings',
      expected: '[B, D]',
      received: `[${embeddings.shape.join(', ')}]`,
    });
  }
  const rows = embeddings.shape[0];
  const count = labels instanceof tf.Tensor ? labels.size : labels.length;
  const flat = !(labels instanceof tf.Tensor) || labels.rank === 1 || (labels.rank === 2 && labels.shape[1] === 1);
  if (count !== rows || !flat) {
    const received = labels instanceof tf.Tensor ? `[${labels.shape.join(', ')}]` : `${count} labels`;
    throw new ShapeError({ where, what: 'labels', expected: `[${rows}], one for each row of embeddings`, received });
  }
  if (labels instanceof tf.Tensor) return tf.cast(tf.reshape(labels, [rows, 1]), 'float32');
  const wrong = Array.from(labels).findIndex((label) => !Number.isInteger(label));
  if (wrong >= 0) {
    const received = `${labels[wrong]} at index ${wrong}`;
    throw new ArgumentError({ where, what: 'labels', expected: 'whole numbers', received });
  }
  return tf.tensor2d(Float32Array.from(labels), [rows, 1]);
}
