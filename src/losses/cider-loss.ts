import * as tf from '@tensorflow/tfjs-core';
import { check, NOT_NEGATIVE, POSITIVE, SHARE_OR_NONE, type Rule } from '../core/check';
import { ArgumentError } from '../core/errors';
import { readOptions } from '../core/read-options';
import { labelColumn, oodColumn, type BatchLabels } from './batch-labels';
import { checkRowsOf } from '../tensors/batch-rows';
import { meanWhere, oneHotKnown } from './class-masks';
import { beyondCosines } from './beyond-cosines';
import { unitRows } from '../linalg/unit-rows';

const VARIABLE: Rule = { expected: 'a tf.variable [C, D]', holds: (value: unknown) => value instanceof tf.Variable };

/** Options of {@link ciderLoss}. */
export interface CiderOptions {
  /** Divides the cosines; default 0.1. */
  temperature?: number;
  /** Weight of the compactness, lambda_c in the paper; default 2. */
  compactness?: number;
  /** Weight of the OoD part; default 1. */
  oodWeight?: number;
  /** How much of the old prototypes stays, alpha in the paper, in [0, 1); default 0.5. */
  momentum?: number;
}

/** Prototypes moved towards the mean of their class in the batch, of length 1; those without a row stay. */
function moved(own: tf.Tensor2D, z: tf.Tensor2D, prototypes: tf.Tensor2D, momentum: number): tf.Tensor2D {
  const counts = tf.transpose(tf.sum(own, 0, true)); // [C, 1]
  const means = tf.div(tf.matMul(tf.transpose(own), z), tf.maximum(counts, 1));
  const present = tf.mul(1 - momentum, tf.minimum(counts, 1));
  return unitRows(tf.add<tf.Tensor2D>(tf.mul(tf.sub(1, present), prototypes), tf.mul(present, means)));
}

/**
 * CIDER: rows come near the prototype of their class on the sphere, and the prototypes far from each other.
 *
 * lambda_c * mean over known rows of -log(e^(z m_y / t) / sum over c of e^(z m_c / t)) + mean over classes i of
 * log(1/(C-1) sum over j != i of e^(m_i m_j / t)) + w * mean over OoD rows of log(1/C sum over c of e^(z m_c / t)).
 * Rows are scaled to length 1; m are the prototypes after {@link moveCiderPrototypes} with this batch, and the gradient
 * flows through that step. The last part, which the paper has not, drives OoD rows (label below 0) from every
 * prototype.
 *
 * Source: Ming, Sun, Dia, Li, ICLR 2023, equations 5 to 7. There prototypes move row by row, here by the mean of the
 * batch.
 *
 * @param labels class indices [B], below 0 for OoD
 * @param embeddings [B, D]
 * @param prototypes [C, D], C from 2; not changed here
 * @returns a scalar, differentiable with respect to `embeddings`, on every backend
 * @throws ShapeError for shapes that do not fit; ArgumentError for an option out of range, or a label from C on in an
 *   array
 * @example
 * ciderLoss([0], tf.tensor2d([[2, 0]]), tf.tensor2d([[1, 0], [-1, 0]])); // -10: on its prototype, the other opposite
 */
export function ciderLoss(
  labels: BatchLabels,
  embeddings: tf.Tensor2D,
  prototypes: tf.Tensor2D,
  options?: CiderOptions,
): tf.Scalar {
  const where = 'ciderLoss';
  const { temperature, compactness, oodWeight, momentum } = readOptions(where, options, {
    temperature: [POSITIVE, 0.1],
    compactness: [NOT_NEGATIVE, 2],
    oodWeight: [NOT_NEGATIVE, 1],
    momentum: [SHARE_OR_NONE, 0.5],
  });
  return tf.tidy(() => {
    checkRowsOf(where, 'prototypes', prototypes, embeddings);
    const classes = prototypes.shape[0];
    if (classes < 2) throw new ArgumentError(where, 'prototypes', 'two or more', classes);
    const column = labelColumn(where, labels, embeddings, { below: classes });
    const own = oneHotKnown(column, classes);
    const z = unitRows(embeddings);
    const m = moved(own, z, prototypes, momentum);
    const toPrototypes = tf.div(tf.matMul(z, tf.transpose(m)), temperature); // [B, C]
    const all = tf.logSumExp(toPrototypes, 1, true);
    const ood = oodColumn(column);
    const compact = meanWhere(tf.sub(all, tf.sum(tf.mul(toPrototypes, own), 1, true)), tf.sub(1, ood));
    const between = tf.sub(
      tf.div(tf.matMul(m, tf.transpose(m)), temperature),
      tf.mul(beyondCosines(temperature), tf.eye(classes)),
    );
    const dispersion = tf.mean(tf.sub(tf.logSumExp(between, 1), Math.log(classes - 1)));
    const away = meanWhere(tf.sub(all, Math.log(classes)), ood);
    return tf.add<tf.Scalar>(tf.add(tf.mul(compactness, compact), dispersion), tf.mul(oodWeight, away));
  });
}

/**
 * Moves CIDER's prototypes towards the class means of a batch; call it after each step.
 *
 * m_c = unit(a m_c + (1 - a) mean of the unit rows of class c); a class without a row stays, OoD rows have no part.
 *
 * @param prototypes a variable [C, D] of rows of length 1, changed in place
 * @param options `momentum`, a, in [0, 1); 0.5 by default
 * @throws ShapeError, ArgumentError as {@link ciderLoss}
 * @example
 * const prototypes = tf.variable(tf.tensor2d([[1, 0], [0, 1]]));
 * moveCiderPrototypes(prototypes, [0], tf.tensor2d([[0, 5]])); // class 0 is at [0.71, 0.71] now
 */
export function moveCiderPrototypes(
  prototypes: tf.Variable<tf.Rank.R2>,
  labels: BatchLabels,
  embeddings: tf.Tensor2D,
  options?: { momentum?: number },
): void {
  const where = 'moveCiderPrototypes';
  const { momentum } = readOptions(where, options, { momentum: [SHARE_OR_NONE, 0.5] });
  check(where, 'prototypes', prototypes, VARIABLE);
  tf.tidy(() => {
    checkRowsOf(where, 'prototypes', prototypes, embeddings);
    const classes = prototypes.shape[0];
    const column = labelColumn(where, labels, embeddings, { below: classes });
    prototypes.assign(moved(oneHotKnown(column, classes), unitRows(embeddings), prototypes, momentum));
  });
}
