import * as tf from '@tensorflow/tfjs-core';

/** Floor of a square before its root, whose gradient at 0 is infinite; the smallest that half-float webgl holds. */
const SQUARE_FLOOR = 1e-6;

/** Root of squares; below 1e-3 both the distance and its gradient are 0. */
export function rootOfSquares(squares: tf.Tensor): tf.Tensor {
  const isApart = tf.cast(tf.greater(squares, SQUARE_FLOOR), 'float32');
  return tf.mul(isApart, tf.sqrt(tf.maximum(squares, SQUARE_FLOOR)));
}

/**
 * Squared Euclidean distances between all rows.
 *
 * |a|^2 + |b|^2 - 2ab of the rows less their mean: without centring float32 would lose everything far from the origin. The
 * centre counts as a constant in the gradient, which is exact, because no distance depends on it.
 *
 * @param embeddings [B, D]
 * @returns [B, B], at least 0, differentiable; the diagonal is 0 up to rounding
 * @example
 * pairwiseSquaredDistances(tf.tensor2d([[0, 0], [3, 4]])); // [[0, 25], [25, 0]]
 */
export function pairwiseSquaredDistances(embeddings: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const centred = tf.sub(embeddings, tf.mean(embeddings, 0, true)) as tf.Tensor2D;
    const norms = tf.sum(tf.square(centred), 1, true);
    const sums = tf.add(norms, tf.transpose(norms));
    const products = tf.matMul(centred, centred, false, true);
    return tf.relu(tf.sub(sums, tf.mul(products, 2))) as tf.Tensor2D; // rounding can go below 0
  });
}
