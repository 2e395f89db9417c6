import * as tf from '@tensorflow/tfjs-core';

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
  const scaled = tf.customGrad((x, save) => {
    const rows = x as tf.Tensor2D;
    const length = tf.sqrt(tf.sum(tf.square(rows), 1, true));
    const unit = tf.divNoNan(rows, length);
    (save as tf.GradSaveFunc)([unit, length]);
    const gradFunc = (dy: tf.Tensor, [z, norm]: tf.Tensor[]) =>
      tf.div(tf.sub(dy, tf.mul(z!, tf.sum(tf.mul(z!, dy), 1, true))), tf.maximum(norm!, LENGTH_FLOOR));
    return { value: unit, gradFunc };
  });
  return tf.tidy(() => scaled(embeddings) as tf.Tensor2D);
}
