import * as tf from '@tensorflow/tfjs-core';
import { NOT_NEGATIVE, POSITIVE } from '../core/check';
import { ShapeError } from '../core/errors';
import { readOptions } from '../core/read-options';
import { labelColumn, oodColumn, type BatchLabels } from './batch-labels';
import { checkBatchRows } from '../tensors/batch-rows';
import { meanWhere, oneHotKnown } from './class-masks';
import { squaredDistancesTo } from './distances-to';
import { rootOfSquares } from './pairwise-distances';

/** Options of {@link classAnchorLoss}. */
export interface ClassAnchorOptions {
  /** Length of the anchors, alpha in the paper; default 10. */
  magnitude?: number;
  /** Weight of the distance to the own anchor, lambda in the paper; default 0.1. */
  anchorWeight?: number;
  /** Distance to the nearest anchor beyond which an OoD row costs nothing; default: the magnitude. */
  margin?: number;
}

/**
 * Class anchor clustering (CAC): known rows come near the fixed anchor of their class, relative to all other anchors.
 *
 * Mean over known rows of log(1 + sum over j != y of e^(d_y - d_j)) + lambda d_y, with d_j the distance to anchor j,
 * alpha times the j-th unit vector. OoD rows, which the paper has not, cost the mean of max(0, m - min over j of d_j).
 * A mean over no row is 0.
 *
 * Source: Miller, Suenderhauf, Milford, Dayoub, WACV 2021, equations 3 to 5.
 *
 * @param labels class indices [B], below 0 for OoD
 * @param logits [B, C], an output for each class; C from 2
 * @returns a scalar, differentiable with respect to `logits`, on every backend
 * @throws ShapeError for shapes that do not fit; ArgumentError for an option out of range, or a label from C on in an
 *   array
 * @example
 * classAnchorLoss([0], tf.tensor2d([[10, 0]])); // 7.2e-7: it lies on its anchor
 */
export function classAnchorLoss(labels: BatchLabels, logits: tf.Tensor2D, options?: ClassAnchorOptions): tf.Scalar {
  const where = 'classAnchorLoss';
  const read = readOptions(where, options, {
    magnitude: [POSITIVE, 10],
    anchorWeight: [NOT_NEGATIVE, 0.1],
    margin: [POSITIVE],
  });
  const { magnitude, anchorWeight, margin = magnitude } = read;
  return tf.tidy(() => {
    checkBatchRows(where, logits, 'logits');
    const classes = logits.shape[1];
    const column = labelColumn(where, labels, logits, { below: classes });
    if (classes < 2) {
      throw new ShapeError(where, 'logits', '[B, C], C from 2', `[B, ${classes}]`);
    }
    const ood = oodColumn(column);
    const anchors = tf.mul<tf.Tensor2D>(magnitude, tf.eye(classes));
    const squares = squaredDistancesTo(logits, anchors);
    const distances = rootOfSquares(squares);
    const own = tf.sum(tf.mul(distances, oneHotKnown(column, classes)), 1, true);
    // The own anchor's term of the sum is the 1.
    const tuplet = tf.add(own, tf.logSumExp(tf.neg(distances), 1, true));
    const hinge = tf.relu(tf.sub(margin, rootOfSquares(tf.min(squares, 1, true))));
    const known = tf.add(tuplet, tf.mul(anchorWeight, own));
    return tf.add(meanWhere(known, tf.sub(1, ood)), meanWhere(hinge, ood));
  });
}
