import * as tf from '@tensorflow/tfjs-core';
import { FUNCTION, NOT_NEGATIVE, oneOf } from '../core/check';
import { readOptions } from '../core/read-options';
import { labelColumn, type BatchLabels } from './batch-labels';
import { anchorMasks, unlessFinite } from './class-masks';
import { MEMORY, type EmbeddingMemory } from './embedding-memory';
import { allTriplets } from './mining/all-triplets';
import type { TripletMiner, TripletPrice } from './mining/triplet-miner';
import { rootOfSquares, squaresOf } from './pairwise-distances';

/** Options of {@link tripletLoss}. */
export interface TripletOptions {
  /** By how much a negative must be farther than a positive; default 0.2. */
  margin?: number;
  /** `'hinge'`: max(0, v) (default); `'soft'`: log(1 + e^v), which never stops pulling. */
  cost?: 'hinge' | 'soft';
  /** 1: distances (default), 2: squared distances. */
  power?: 1 | 2;
  /** Which triplets, e.g. {@link hardestTriplets}; default: all valid ones. */
  miner?: TripletMiner | undefined;
  /** Rows of earlier batches, as positives and negatives of this one's; see {@link embeddingMemory}. */
  memory?: EmbeddingMemory | undefined;
}

/** Cost of v = d(positive) - d(negative) + margin, and its slope. */
const PRICES: Record<'hinge' | 'soft', (v: tf.Tensor) => ReturnType<TripletPrice>> = {
  hinge: (v) => ({ cost: tf.relu(v), slope: tf.step(v) }),
  soft: (v) => ({ cost: tf.softplus(v), slope: tf.sigmoid(v) }),
};

/**
 * Triplet loss: a negative must be farther from an anchor than a positive, by a margin.
 *
 * Mean over the triplets (a, p, n) of max(0, d(a, p) - d(a, n) + m), or log(1 + e^(...)). Anchors and positives are
 * known rows of one class; a negative is of another class or OoD (label below 0). An OoD row is never an anchor, and
 * two OoD rows never meet. A batch without a triplet costs 0. The gradient is finite everywhere; memory is O(B^2).
 *
 * With its gradient, on wasm with `tfjs-ood/wasm`, B = 64 / 256 / 1024 rows of 128, one busy core: every triplet of the
 * hinge 2 / 17 / 292 ms, as B^2 (D + log B), 13 matrices of B x B (50 MiB at 1024); {@link hardestTriplets} 2 / 9 / 84
 * ms, as B^2 (a + D), 28 of them (112 MiB). Without that import, on other backends and for `'soft'` every triplet takes
 * B^3.
 *
 * Source: Schroff, Kalenichenko, Philbin, CVPR 2015; Hermans, Beyer, Leibe 2017 (soft margin).
 *
 * @param labels class indices [B], below 0 for OoD
 * @param embeddings [B, D]; not normalized here (see {@link unitRows})
 * @returns a scalar, differentiable with respect to `embeddings`, on every backend
 * @throws ShapeError for another number of labels; ArgumentError for an option out of range
 * @example
 * tripletLoss([0, 0, 1], tf.tensor2d([[0, 0], [1, 0], [0, 1]])); // 0.1: one of two triplets costs 0.2
 */
export function tripletLoss(labels: BatchLabels, embeddings: tf.Tensor2D, options?: TripletOptions): tf.Scalar {
  const where = 'tripletLoss';
  const { margin, cost, power, miner, memory } = readOptions(where, options, {
    margin: [NOT_NEGATIVE, 0.2],
    cost: [oneOf('hinge', 'soft'), 'hinge'],
    power: [oneOf(1, 2), 1],
    miner: [FUNCTION, allTriplets()],
    memory: [MEMORY],
  });
  return tf.tidy(() => {
    const column = labelColumn(where, labels, embeddings);
    const own = { squares: squaresOf(embeddings), columnLabels: tf.transpose(column) };
    const { squares, columnLabels } = memory?.extend(own, embeddings) ?? own;
    const meanOverTriplets = tf.customGrad((x, save) => {
      const powers = x as tf.Tensor2D;
      const pairs = { ...anchorMasks(column, columnLabels), labels: column, columnLabels, size: embeddings.shape[1] };
      const distances = power === 1 ? powers : tf.sqrt(tf.cast(powers, 'float32'));
      const price: TripletPrice = (gap) => PRICES[cost](tf.add(gap, margin));
      if (cost === 'hinge') price.margin = margin;
      const { sum, count, gradient } = miner({ ...pairs, distances, powers }, price);
      const total = tf.add(count, tf.cast(tf.equal(count, 0), 'float32')); // 1 where there is none
      (save as tf.GradSaveFunc)([gradient, total]);
      return {
        value: tf.add(tf.div(sum, total), unlessFinite(powers)),
        gradFunc: (dy: tf.Tensor, [slopes, among]: tf.Tensor[]) => tf.mul(slopes!, tf.div(dy, among!)),
      };
    });
    return meanOverTriplets(power === 1 ? rootOfSquares(squares) : squares) as tf.Scalar;
  });
}
