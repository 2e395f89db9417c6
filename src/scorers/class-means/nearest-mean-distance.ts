import * as tf from '@tensorflow/tfjs-core';
import { product } from '../../linalg/checked-product';
import type { CenteredMeans } from './centered-means';

/**
 * The squared distance to the nearest mean as tensors, in two steps: a float32 product chooses a mean, and then, from
 * there, whether another is nearer. Errors of the second choice grow with ||x - m|| instead of ||x||, so that in a
 * group of close means the right one is found. The gradient is 2 (x - m).
 */
export function nearestMeanDistance(
  { classes, size, center, centered }: CenteredMeans,
  [columns, halfNorms]: readonly [tf.Tensor2D, tf.Tensor2D],
): { distance(rows: tf.Tensor2D): tf.Tensor1D; tensors: tf.Tensor[] } {
  const means = tf.keep(tf.tensor2d(Float32Array.from(centered), [classes, size]));
  const origin = tf.keep(tf.tensor2d(Float32Array.from(center), [1, size]));
  const gaps = tf.keep(tf.tensor2d(halfSquaredGaps(centered, classes, size), [classes, classes]));

  const distance = tf.customGrad((rows, save) => {
    const x = tf.sub<tf.Tensor2D>(rows as tf.Tensor2D, origin);
    const first = tf.argMax<tf.Tensor1D>(tf.sub(product(x, columns), halfNorms), 1);
    const rest = tf.sub<tf.Tensor2D>(x, tf.gather(means, first));
    const second = tf.argMax<tf.Tensor1D>(tf.sub(product(rest, columns), tf.gather(gaps, first)), 1);
    const difference = tf.sub(x, tf.gather(means, second));
    (save as tf.GradSaveFunc)([difference]);
    return {
      value: tf.sum(tf.square(difference), 1),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => tf.mul(tf.mul(2, tf.expandDims(dy, 1)), saved!),
    };
  });
  return {
    distance: (rows) => tf.tidy(() => distance(rows)) as tf.Tensor1D,
    tensors: [means, origin, gaps],
  };
}

/** [C, C] of ||m_i - m_j||^2 / 2, from the differences. */
function halfSquaredGaps(means: Float64Array, classes: number, size: number): Float32Array {
  const gaps = new Float32Array(classes * classes);
  for (let a = 0; a < classes; a++) {
    for (let b = 0; b < a; b++) {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += (means[a * size + i]! - means[b * size + i]!) ** 2;
      gaps[a * classes + b] = gaps[b * classes + a] = sum / 2;
    }
  }
  return gaps;
}
