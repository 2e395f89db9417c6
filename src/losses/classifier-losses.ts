import * as tf from '@tensorflow/tfjs-core';
import { FINITE, NOT_NEGATIVE, POSITIVE } from '../core/check';
import { readOptions } from '../core/read-options';
import { labelColumn, oodColumn, type BatchLabels } from './batch-labels';
import { checkBatchRows } from '../tensors/batch-rows';
import { meanWhere, oneHotKnown, unlessFinite } from './class-masks';
import { unitRows } from '../linalg/unit-rows';

/** What the losses of a classifier share: the mean cross-entropy of the known rows, and a column for the others. */
function withCrossEntropy(
  where: string,
  labels: BatchLabels,
  logits: tf.Tensor2D,
  rest: (parts: { ood: tf.Tensor2D; logSums: tf.Tensor2D; crossEntropy: tf.Scalar }) => tf.Scalar,
): tf.Scalar {
  return tf.tidy(() => {
    checkBatchRows(where, logits, 'logits');
    const classes = logits.shape[1];
    const column = labelColumn(where, labels, logits, { below: classes });
    const ood = oodColumn(column);
    const logSums = tf.logSumExp<tf.Tensor2D>(logits, 1, true);
    const own = tf.sum(tf.mul(logits, oneHotKnown(column, classes)), 1, true);
    const crossEntropy = tf.add<tf.Scalar>(meanWhere(tf.sub(logSums, own), tf.sub(1, ood)), unlessFinite(logits));
    return rest({ ood, logSums, crossEntropy });
  });
}

/**
 * Outlier exposure: cross-entropy on known rows, cross-entropy against the uniform distribution on OoD rows.
 *
 * mean over known of -log p_y + weight * mean over OoD of (logsumexp(x) - mean(x)). A mean over no row is 0.
 *
 * Source: Hendrycks, Mazeika, Dietterich, ICLR 2019, section 3; 0.5 is the weight of its image classifiers.
 *
 * @param labels class indices [B], below 0 for OoD
 * @param logits [B, C]
 * @param options `weight` of the OoD part, 0.5 by default
 * @returns a scalar, differentiable with respect to `logits`, on every backend
 * @throws ShapeError for another number of labels; ArgumentError for a weight below 0, or a label from C on in an array
 * @example
 * outlierExposureLoss([-1], tf.tensor2d([[0, 0]])); // 0.3466: half of log 2, the least an OoD row can cost
 */
export function outlierExposureLoss(
  labels: BatchLabels,
  logits: tf.Tensor2D,
  options?: { weight?: number },
): tf.Scalar {
  const where = 'outlierExposureLoss';
  const { weight } = readOptions(where, options, { weight: [NOT_NEGATIVE, 0.5] });
  return withCrossEntropy(where, labels, logits, ({ ood, logSums, crossEntropy }) => {
    const toUniform = tf.sub(logSums, tf.mean(logits, 1, true));
    return tf.add(crossEntropy, tf.mul(weight, meanWhere(toUniform, ood)));
  });
}

/**
 * Confidence loss: cross-entropy on known rows, Kullback-Leibler divergence from the uniform distribution on OoD rows.
 *
 * mean over known of -log p_y + weight * mean over OoD of KL(U || p), KL = logsumexp(x) - mean(x) - log C:
 * {@link outlierExposureLoss} less a constant, so that OoD rows with uniform outputs cost 0.
 *
 * Source: Lee, Lee, Lee, Shin, ICLR 2018, equation 1 (there the OoD rows come from a GAN).
 *
 * @param labels class indices [B], below 0 for OoD
 * @param logits [B, C]
 * @param options `weight` of the OoD part, beta in the paper, 1 by default
 * @returns a scalar, differentiable with respect to `logits`, on every backend
 * @throws ShapeError for another number of labels; ArgumentError for a weight below 0, or a label from C on in an array
 * @example
 * confidenceLoss([-1], tf.tensor2d([[0, 0]])); // 0
 */
export function confidenceLoss(labels: BatchLabels, logits: tf.Tensor2D, options?: { weight?: number }): tf.Scalar {
  const where = 'confidenceLoss';
  const { weight } = readOptions(where, options, { weight: [NOT_NEGATIVE, 1] });
  return withCrossEntropy(where, labels, logits, ({ ood, logSums, crossEntropy }) => {
    const divergence = tf.sub(logSums, tf.add(tf.mean(logits, 1, true), Math.log(logits.shape[1])));
    return tf.add(crossEntropy, tf.mul(weight, meanWhere(divergence, ood)));
  });
}

/** Options of {@link energyBoundedLoss}. */
export interface EnergyBoundedOptions {
  /** Energy above which a known row costs, m_in; default -23. */
  inMargin?: number;
  /** Energy below which an OoD row costs, m_out; default -5. */
  outMargin?: number;
  /** Weight of the two hinges, lambda; default 0.1. */
  weight?: number;
}

/**
 * Energy-bounded learning: cross-entropy on known rows, and a gap between the energies of known and OoD rows.
 *
 * E = -logsumexp(x). mean over known of -log p_y + weight * (mean over known of max(0, E - m_in)^2 + mean over OoD of
 * max(0, m_out - E)^2). A mean over no row is 0.
 *
 * Source: Liu, Wang, Owens, Li, NeurIPS 2020, equations 8 and 9; the defaults are its numbers for CIFAR-10.
 *
 * @param labels class indices [B], below 0 for OoD
 * @param logits [B, C]
 * @returns a scalar, differentiable with respect to `logits`, on every backend
 * @throws ShapeError for another number of labels; ArgumentError for a weight below 0, a margin that is not finite, or
 *   a label from C on in an array
 * @example
 * energyBoundedLoss([-1], tf.tensor2d([[6, -100]])); // 0.1: its energy of -6 is 1 below m_out
 */
export function energyBoundedLoss(labels: BatchLabels, logits: tf.Tensor2D, options?: EnergyBoundedOptions): tf.Scalar {
  const where = 'energyBoundedLoss';
  const { inMargin, outMargin, weight } = readOptions(where, options, {
    inMargin: [FINITE, -23],
    outMargin: [FINITE, -5],
    weight: [NOT_NEGATIVE, 0.1],
  });
  return withCrossEntropy(where, labels, logits, ({ ood, logSums, crossEntropy }) => {
    const tooHigh = tf.square(tf.relu(tf.sub(tf.neg(logSums), inMargin)));
    const tooLow = tf.square(tf.relu(tf.add(logSums, outMargin)));
    const hinges = tf.add(meanWhere(tooHigh, tf.sub(1, ood)), meanWhere(tooLow, ood));
    return tf.add(crossEntropy, tf.mul(weight, hinges));
  });
}

/**
 * LogitNorm: cross-entropy of logits of a fixed length, so that confidence cannot grow with the length alone.
 *
 * mean over known rows of the cross-entropy of x / (t ||x||). OoD rows cost nothing: the method does without them.
 *
 * Source: Wei et al., ICML 2022, equation 8; 0.04 is its temperature for CIFAR-10.
 *
 * @param labels class indices [B], below 0 for OoD
 * @param logits [B, C]
 * @param options `temperature`, 0.04 by default
 * @returns a scalar, differentiable with respect to `logits`, on every backend
 * @throws ShapeError for another number of labels; ArgumentError for a temperature that is not positive, or a label
 *   from C on in an array
 * @example
 * logitNormLoss([0], tf.tensor2d([[7, 0]]), { temperature: 1 }); // 0.3133, as for [[1, 0]]
 */
export function logitNormLoss(labels: BatchLabels, logits: tf.Tensor2D, options?: { temperature?: number }): tf.Scalar {
  const where = 'logitNormLoss';
  const { temperature } = readOptions(where, options, { temperature: [POSITIVE, 0.04] });
  return tf.tidy(() => {
    checkBatchRows(where, logits, 'logits'); // before they are scaled
    const scaled = tf.div<tf.Tensor2D>(unitRows(logits), temperature);
    return withCrossEntropy(where, labels, scaled, ({ crossEntropy }) => crossEntropy);
  });
}
