import * as tf from '@tensorflow/tfjs-core';
import { POSITIVE } from '../core/check';
import { readOptions } from '../core/read-options';
import { labelColumn, oodColumn, type BatchLabels } from './batch-labels';
import { checkRowsOf } from '../tensors/batch-rows';
import { meanWhere, oneHotKnown } from './class-masks';
import { squaredDistancesTo } from './distances-to';
import { rootOfSquares } from './pairwise-distances';

/** Options of {@link centerLoss}. */
export interface CenterLossOptions {
  /** Distance to the nearest center beyond which an OoD row costs nothing; default 10. */
  margin?: number;
}

/**
 * Center loss: known rows are pulled to the center of their class, OoD rows pushed out of a ball around every center.
 *
 * 0.5 * mean over known rows of ||x - c_y||^2 + 0.5 * mean over OoD rows of max(0, m - min over c of ||x - c||)^2; the
 * second part, which the paper has not, gives labels below 0 their meaning. A mean over no row is 0.
 *
 * Source: Wen, Zhang, Li, Qiao, ECCV 2016, equation 2. There it stands beside a cross-entropy.
 *
 * @param labels class indices [B], below 0 for OoD
 * @param embeddings [B, D]
 * @param centers [C, D]; a `tf.variable` is trained along, a tensor stays as it is
 * @returns a scalar, differentiable with respect to `embeddings` and `centers`, on every backend
 * @throws ShapeError for shapes that do not fit; ArgumentError for a margin that is not positive, or a label from C on
 *   in an array
 * @example
 * centerLoss([0, -1], tf.tensor2d([[3, 4], [0, 8]]), tf.tensor2d([[0, 0]])); // 14.5: 25 / 2 + (10 - 8)^2 / 2
 */
export function centerLoss(
  labels: BatchLabels,
  embeddings: tf.Tensor2D,
  centers: tf.Tensor2D,
  options?: CenterLossOptions,
): tf.Scalar {
  const where = 'centerLoss';
  const { margin } = readOptions(where, options, { margin: [POSITIVE, 10] });
  return tf.tidy(() => {
    checkRowsOf(where, 'centers', centers, embeddings);
    const column = labelColumn(where, labels, embeddings, { below: centers.shape[0] });
    const ood = oodColumn(column);
    const squares = squaredDistancesTo(embeddings, centers);
    const own = tf.sum(tf.mul(squares, oneHotKnown(column, centers.shape[0])), 1, true);
    const hinge = tf.relu(tf.sub(margin, rootOfSquares(tf.min(squares, 1, true))));
    return tf.mul(0.5, tf.add(meanWhere(own, tf.sub(1, ood)), meanWhere(tf.square(hinge), ood)));
  });
}
