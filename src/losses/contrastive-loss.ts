import * as tf from '@tensorflow/tfjs-core';
import { ANY_SHARE, FUNCTION, oneOf, POSITIVE } from '../core/check';
import { ArgumentError, ShapeError } from '../core/errors';
import type { LabelRule } from '../core/labels';
import { readOptions } from '../core/read-options';
import { labelColumn, oodColumn, type BatchLabels } from './batch-labels';
import { MEMORY, type EmbeddingMemory } from './embedding-memory';
import type { PairMiner } from './mining/pair-miner';
import { DISTANCE_FLOOR, squaresOf } from './pairwise-distances';

/** Options of {@link contrastiveLoss} and {@link odmLoss}. */
export interface ContrastiveOptions {
  /** Distance beyond which a negative pair costs nothing; default 10. */
  margin?: number;
  /** 1: distances (Masana et al. 2018); 2: squared distances and hinges (Hadsell et al. 2006). Default 1. */
  power?: 1 | 2;
  /**
   * `'halves'`: row i of the left half against row i of the right half, as the authors do. `'all'`: every two rows,
   * which learns far more from a batch. Default `'halves'`.
   */
  pairs?: 'halves' | 'all';
  /** Share of the positive pairs in the loss of `'all'`, in [0, 1]; default 0.5. */
  positiveShare?: number;
  /** Chooses among `'all'` pairs, e.g. {@link hardestPairs}; default: every pair alike. */
  miner?: PairMiner | undefined;
  /** Rows of earlier batches that the batch meets too, with `'all'`; see {@link embeddingMemory}. */
  memory?: EmbeddingMemory | undefined;
}

/** A mean weight of a row below this one counts as this one: the loss is 0 where nothing has a weight. */
const WEIGHT_FLOOR = 1e-4;

/** Row i of the left half against row i of the right half, [B/2, 1]. */
function squaresOfHalves(embeddings: tf.Tensor2D): tf.Tensor2D {
  const [left, right] = tf.split(embeddings, 2);
  return tf.sum(tf.square(tf.sub(left!, right!)), 1, true);
}

/** Mean over the pairs, its gradient worked out beside it. No gradient flows through labels, nor a miner's choice. */
function halfOfMean(
  own: tf.Tensor2D,
  embeddings: tf.Tensor2D,
  inHalves: boolean,
  { margin, power, positiveShare, miner, memory }: Required<ContrastiveOptions>,
): tf.Scalar {
  const [labels, partners] = (inHalves ? tf.split(own, 2) : [own, tf.transpose(own)]) as [tf.Tensor2D, tf.Tensor2D];
  const met = { squares: (inHalves ? squaresOfHalves : squaresOf)(embeddings), columnLabels: partners };
  const { squares, columnLabels } = memory?.extend(met, embeddings) ?? met;

  const half = tf.customGrad((x, save) => {
    const distances = tf.sqrt(tf.cast(x as tf.Tensor2D, 'float32')); // of whole numbers, too
    const hinge = tf.relu(tf.sub(margin, distances));
    const formed = tf.sub<tf.Tensor2D>(1, tf.mul(oodColumn(labels), oodColumn(columnLabels))); // not OoD-OoD
    const same = tf.mul<tf.Tensor2D>(tf.equal(labels, columnLabels), formed);
    const negative = tf.sub<tf.Tensor2D>(formed, same);
    // Each pair of the batch stands there twice, which the means do not see; a row with itself is no pair.
    const positive = inHalves ? same : tf.mul<tf.Tensor2D>(same, tf.sub(1, tf.eye(...squares.shape)));
    const chosen = miner?.({ distances, positive, negative, labels, columnLabels, size: embeddings.shape[1] }) ?? 1;
    /** Weights of pairs in the mean over all rows, whose sum is `share`, or 0 where there is none. */
    const weights = (pairs: tf.Tensor, share: number) => {
      const own = tf.mul(pairs, chosen);
      const total = tf.mean(tf.sum(inHalves ? formed : own, 1));
      return tf.mul(own, tf.div(inHalves ? 0.5 : share / 2, tf.maximum(total, WEIGHT_FLOOR)));
    };
    const attract = weights(positive, positiveShare);
    const repel = weights(negative, 1 - positiveShare);

    const floored = tf.maximum(distances, DISTANCE_FLOOR);
    const [near, pull, push] = power === 1 ? [distances, 1, tf.step(hinge)] : [x as tf.Tensor, floored, hinge];
    const pushed = tf.mul(repel, push);
    (save as tf.GradSaveFunc)([tf.div(tf.sub(tf.mul(attract, pull), pushed), floored)]);
    return {
      // Row by row first: neither a float32 sum of a million terms nor a half float holds the whole sum.
      value: tf.mean(tf.sum(tf.add(tf.mul(attract, near), tf.mul(pushed, hinge)), 1)),
      gradFunc: (dy: tf.Tensor, [slopes]: tf.Tensor[]) => tf.mul(slopes!, tf.mul(dy, power / 2 / squares.shape[0])),
    };
  });
  return half(squares) as tf.Scalar;
}

/** The one core: half of the mean over the pairs. */
function pairLoss(
  where: string,
  labels: BatchLabels,
  embeddings: tf.Tensor2D,
  given: ContrastiveOptions | undefined,
  rule?: LabelRule,
): tf.Scalar {
  const options = readOptions(where, given, {
    margin: [POSITIVE, 10],
    power: [oneOf(1, 2), 1],
    pairs: [oneOf('halves', 'all'), 'halves'],
    positiveShare: [ANY_SHARE, 0.5],
    miner: [FUNCTION],
    memory: [MEMORY],
  });
  const inHalves = options.pairs === 'halves';
  if (inHalves && (options.miner || options.memory)) {
    throw new ArgumentError(where, 'pairs', "'all' with a miner or a memory", options.pairs);
  }
  return tf.tidy(() => {
    const column = labelColumn(where, labels, embeddings, rule);
    const rows = embeddings.shape[0];
    if (rows < 2 || (inHalves && rows % 2 > 0)) {
      throw new ShapeError(where, 'embeddings', inHalves ? 'an even number of rows' : 'rows, from 2', rows);
    }
    return halfOfMean(column, embeddings, inHalves, options);
  });
}

/**
 * Contrastive loss: pairs of one class are pulled together, pairs of two classes pushed apart up to a margin.
 *
 * `'halves'`: 0.5 * mean over the pairs of y d^p + (1 - y) max(0, m - d)^p, with y = 1 for the same class and d the
 * Euclidean distance. `'all'`: 0.5 * (s * mean over positive pairs of d^p + (1 - s) * mean over negative pairs of
 * max(0, m - d)^p), with s = `positiveShare`; a mean over no pair is 0. The gradient is finite everywhere; at distance
 * 0 that of d is 0.
 *
 * `'all'` with its gradient grows as B^2 (a + D): hardly with D up to 128, twice as long at 512. On wasm with
 * `tfjs-ood/wasm`, B = 64 / 256 / 1024 rows of 128: 1.9 / 7 / 116 ms of one busy core, 27 matrices of B x B (0.5 / 7 /
 * 110 MiB).
 *
 * Source: Hadsell, Chopra, LeCun, CVPR 2006, equation 4 (p = 2); Masana et al., BMVC 2018, equation 1 (p = 1).
 *
 * @param labels class indices [B] (a tensor, also [B, 1], or an array). Labels below 0 are for {@link odmLoss}: refused
 *   in an array; in a tensor, which cannot be read without stalling, they mean OoD as there
 * @param embeddings [B, D]
 * @returns a scalar, differentiable with respect to `embeddings`, on every backend
 * @throws ShapeError for fewer than 2 rows, an odd number of them in halves, or another number of labels
 * @throws ArgumentError for an option out of range, or a label in an array that is negative or no whole number
 * @example
 * contrastiveLoss([0, 0], tf.tensor2d([[0, 0], [3, 4]])); // 2.5
 */
export function contrastiveLoss(labels: BatchLabels, embeddings: tf.Tensor2D, options?: ContrastiveOptions): tf.Scalar {
  const expected = 'class indices from 0 (leave OoD rows to odmLoss)';
  return pairLoss('contrastiveLoss', labels, embeddings, options, { ood: false, expected });
}

/**
 * Contrastive loss with out-of-distribution mining: an OoD row (label below 0) is pushed away from every known one, and
 * two OoD rows are never a pair.
 *
 * As {@link contrastiveLoss}; means are over the pairs that are formed, and a batch of OoD rows alone costs 0.
 *
 * Source: Masana et al., BMVC 2018, section 3.2.
 *
 * @param labels class indices [B], below 0 for OoD
 * @param embeddings [B, D]
 * @returns a scalar, differentiable with respect to `embeddings`, on every backend
 * @throws as {@link contrastiveLoss}
 * @example
 * odmLoss([0, -1], tf.tensor2d([[0, 0], [3, 4]])); // 2.5: half of the hinge 10 - 5
 */
export function odmLoss(labels: BatchLabels, embeddings: tf.Tensor2D, options?: ContrastiveOptions): tf.Scalar {
  return pairLoss('odmLoss', labels, embeddings, options);
}
