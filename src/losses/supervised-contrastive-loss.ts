import * as tf from '@tensorflow/tfjs-core';
import { POSITIVE } from '../core/check';
import { readOptions } from '../core/read-options';
import { labelColumn, type BatchLabels } from './batch-labels';
import { anchorMasks, meanWhere } from './class-masks';
import { beyondCosines } from './beyond-cosines';
import { unitRows } from '../linalg/unit-rows';

/** Options of {@link supervisedContrastiveLoss}. */
export interface SupervisedContrastiveOptions {
  /** Divides the cosines; default 0.1. */
  temperature?: number;
}

/**
 * Supervised contrastive loss: of all other rows those of one's own class should be the likely ones.
 *
 * Mean over the known rows i that have a positive of -1/|P(i)| sum over p in P(i) of log(e^(z_i z_p / t) / sum over
 * a != i of e^(z_i z_a / t)), with rows z of length 1 (the loss scales them). OoD rows (label below 0) stand in the
 * denominators alone: they repel every known row and are never a positive. A batch without a positive pair costs 0.
 *
 * Source: Khosla et al., NeurIPS 2020, equation 2 (L_out).
 *
 * @param labels class indices [B], below 0 for OoD
 * @param embeddings [B, D]
 * @returns a scalar, differentiable with respect to `embeddings`, on every backend
 * @throws ShapeError for another number of labels; ArgumentError for a temperature that is not positive
 * @example
 * supervisedContrastiveLoss([0, 0, 1], tf.tensor2d([[1, 0], [1, 0], [0, 1]]), { temperature: 1 }); // 0.3133
 */
export function supervisedContrastiveLoss(
  labels: BatchLabels,
  embeddings: tf.Tensor2D,
  options?: SupervisedContrastiveOptions,
): tf.Scalar {
  const where = 'supervisedContrastiveLoss';
  const { temperature } = readOptions(where, options, { temperature: [POSITIVE, 0.1] });
  return tf.tidy(() => {
    const column = labelColumn(where, labels, embeddings);
    const { positive } = anchorMasks(column);
    const z = unitRows(embeddings);
    const similarities = tf.div(tf.matMul(z, tf.transpose(z)), temperature);
    const others = tf.sub(similarities, tf.mul(beyondCosines(temperature), tf.eye(column.shape[0])));
    const logShares = tf.sub(similarities, tf.logSumExp(others, 1, true));
    const positives = tf.sum(positive, 1, true);
    const costs = tf.neg(tf.div(tf.sum(tf.mul(logShares, positive), 1, true), tf.maximum(positives, 1)));
    return meanWhere(costs, tf.minimum(positives, 1));
  });
}
