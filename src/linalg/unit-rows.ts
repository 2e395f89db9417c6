import * as tf from '@tensorflow/tfjs-core';
import { checkBatchRows } from '../tensors/batch-rows';

/** Below this length the gradient shrinks with it, down to 0 for a zero row, which has no direction. */
const LENGTH_FLOOR = 1e-3;

/**
 * Rows scaled to length 1, with a gradient that is finite everywhere; a zero row stays zero.
 *
 * @param embeddings [B, D]
 * @returns [B, D], differentiable on every backend
 * @example
 * unitRows(tf.tensor2d([[3, 4], [0, 0]])); // [[0.6, 0.8], [0, 0]]
 */
export function unitRows(embeddings: tf.Tensor2D): tf.Tensor2D {
  checkBatchRows('unitRows', embeddings, 'embeddings', '');
  const scaled = tf.customGrad((x, save) => {
    const rows = x as tf.Tensor2D;
    // By the largest entry first, whose square may be beyond floats, or nothing; 1 for a zero row.
    const largest = tf.max(tf.abs(rows), 1, true);
    const scale = tf.add(largest, tf.cast(tf.equal(largest, 0), 'float32'));
    const even = tf.div(rows, scale);
    const length = tf.sqrt(tf.sum(tf.square(even), 1, true));
    // 0, or NaN in a row that is not finite: a quotient of infinities is 1 on webgl.
    const mark = tf.sum(tf.mul(rows, 0), 1, true);
    const unit = tf.add(tf.div(even, tf.add(length, tf.cast(tf.equal(length, 0), 'float32'))), mark);
    (save as tf.GradSaveFunc)([unit, tf.mul(length, scale)]);
    const gradFunc = (dy: tf.Tensor, [z, norm]: tf.Tensor[]) => {
      const sideways = tf.sub(dy, tf.mul(z!, tf.sum(tf.mul(z!, dy), 1, true)));
      const share = tf.minimum(tf.div(norm!, LENGTH_FLOOR), 1);
      return tf.mul(tf.div(sideways, tf.maximum(norm!, LENGTH_FLOOR)), share);
    };
    return { value: unit, gradFunc };
  });
  return tf.tidy(() => scaled(embeddings) as tf.Tensor2D);
}
