import * as tf from '@tensorflow/tfjs-core';
import { labelColumn, type BatchLabels } from './batch-labels';
import { checkClasses, checkPositive, checkRowsOf } from './check-option';
import { meanWhere, oneHotKnown, oodColumn } from './class-masks';
import { squaredDistancesTo } from './distances-to';
import { rootOfSquares } from './pairwise-distances';

/** Options of {@link centreLoss}. */
export interface CentreLossOptions {
  /** Distance to the nearest centre beyond which an OoD row costs nothing; default 10. */
  margin?: number;
}

/**
 * Centre loss: known rows are pulled to the centre of their class, OoD rows pushed out of a ball around every centre.
 *
 * 0.5 * mean over known rows of ||x - c_y||^2 + 0.5 * mean over OoD rows of max(0, m - min over c of ||x - c||)^2; the second part,
 * which the paper has not, gives labels below 0 their meaning. A mean over no row is 0.
 *
 * Source: Wen, Zhang, Li, Qiao, ECCV 2016, equation 2. There it stands beside a cross-entropy.
 *
 * @param labels class indices [B], below 0 for OoD
 * @param embeddings [B, D]
 * @param centres [C, D]; a `tf.variable` is trained along, a tensor stays as it is
 * @returns a scalar, differentiable with respect to `embeddings` and `centres`, on every backend
 * @throws ShapeError for shapes that do not fit; ArgumentError for a margin that is not positive, or a label from C on in an array
 * @example
 * centreLoss([0, -1], tf.tensor2d([[3, 4], [0, 8]]), tf.tensor2d([[0, 0]])); // 14.5: 25 / 2 + (10 - 8)^2 / 2
 */
export function centreLoss(
  labels: BatchLabels,
  embeddings: tf.Tensor2D,
  centres: tf.Tensor2D,
  { margin = 10 }: CentreLossOptions = {},
): tf.Scalar {
  const where = 'centreLoss';
  checkPositive(where, 'margin', margin);
  return tf.tidy(() => {
    const column = labelColumn(where, labels, embeddings);
    checkRowsOf(where, 'centres', centres, embeddings);
    checkClasses(where, labels, centres.shape[0]);
    const ood = oodColumn(column);
    const squares = squaredDistancesTo(embeddings, centres);
    const own = tf.sum(tf.mul(squares, oneHotKnown(column, centres.shape[0])), 1, true);
    const hinge = tf.relu(tf.sub(margin, rootOfSquares(tf.min(squares, 1, true))));
    return tf.mul(0.5, tf.add(meanWhere(own, tf.sub(1, ood)), meanWhere(tf.square(hinge), ood)));
  });
}
