import * as tf from '@tensorflow/tfjs-core';
import { POSITIVE } from '../core/check';
import { readOptions } from '../core/read-options';
import { labelColumn, type BatchLabels } from './batch-labels';
import { anchorMasks } from './class-masks';
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
 * With its gradient it grows as B^2 (a + D), hardly with D up to 128. On wasm with `tfjs-ood/wasm`, B = 64 / 256 / 1024
 * rows of 128: 2.2 / 8 / 103 ms of one busy core, 23 matrices of B x B (0.5 / 6 / 92 MiB).
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
    const self = tf.eye(column.shape[0]);
    const { positive } = anchorMasks(column, undefined, self);
    const meanCost = tf.customGrad((x, save) => {
      const z = x as tf.Tensor2D;
      const similarities = tf.matMul(z, tf.transpose(tf.div<tf.Tensor2D>(z, temperature)));
      const others = tf.sub(similarities, tf.mul(beyondCosines(temperature), self));
      const shifted = tf.sub(others, tf.max(others, 1, true));
      const likely = tf.exp(shifted);
      const total = tf.sum(likely, 1, true);

      const positives = tf.sum(positive, 1, true);
      const known = tf.minimum(positives, 1);
      const count = tf.maximum(tf.sum(known), 1);
      const wanted = tf.div(positive, tf.maximum(positives, 1));
      // The slopes of the costs with respect to the similarities: what is likely, less what is wanted.
      (save as tf.GradSaveFunc)([z, tf.sub(tf.mul(likely, tf.div(known, total)), wanted), count]);
      return {
        value: tf.div(tf.sum(tf.sub(tf.mul(known, tf.log(total)), tf.sum(tf.mul(shifted, wanted), 1, true))), count),
        gradFunc: (dy: tf.Tensor, [rows, slopes, among]: tf.Tensor[]) =>
          tf.mul(tf.matMul(tf.add(slopes!, tf.transpose(slopes!)), rows!), tf.div(tf.div(dy, temperature), among!)),
      };
    });
    return meanCost(unitRows(embeddings)) as tf.Scalar;
  });
}
