import * as tf from '@tensorflow/tfjs-core';
import { INTEGER, numberFrom, POSITIVE } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { seededRandom } from '../../core/random';
import { readOptions } from '../../core/read-options';
import { farthest, sharesOf, within } from './extremes';
import type { PairMiner } from './pair-miner';

/** Options of {@link distanceWeightedPairs}. */
export interface DistanceWeightedPairsOptions {
  /** Nearer negatives count as if they were at this distance, which bounds their weight; default 0.5. */
  cutoff?: number;
  /** Negatives from this distance on are not taken; above `cutoff`, at most 2. Default 1.4. */
  maxDistance?: number;
  /**
   * Draws one negative for each row; the same draws in every call. Without a seed each row takes the weighted mean of
   * all.
   */
  seed?: number;
}

/** Keeps the logarithm of 1 - d^2 / 4 finite at d = 2. */
const CAP_FLOOR = 1e-4;

/** Standard Gumbel noise: the largest of log w + noise is a draw by w. */
function gumbelNoise(shape: [number, number], seed: number): tf.Tensor2D {
  const random = seededRandom(seed);
  const values = Float32Array.from({ length: shape[0] * shape[1] }, () => {
    return -Math.log(-Math.log(Math.max(random.uniform(), Number.EPSILON)));
  });
  return tf.tensor2d(values, shape);
}

/**
 * All positives, and for each row negatives of all distances alike: weighted by the inverse of the density of
 * distances.
 *
 * On the unit sphere of R^D most rows lie at a distance near 1.41: q(d) ~ d^(D-2) (1 - d^2/4)^((D-3)/2). Weights are
 * 1/q, in the logarithm, so that no D overflows; those of a row sum to 1. Meant for rows of length 1
 * ({@link unitRows}). A row whose negatives all are beyond `maxDistance` takes none.
 *
 * Source: Wu, Manmatha, Smola, Kraehenbuehl, ICCV 2017, equations 3 and 4.
 *
 * @throws ArgumentError for distances that are not 0 < cutoff < maxDistance <= 2, or a seed that is no integer
 * @example
 * const miner = distanceWeightedPairs({ seed: deriveSeed(1, step) }); // other draws in each step, the same in each run
 * contrastiveLoss(labels, unitRows(embeddings), { pairs: 'all', margin: 1, miner });
 */
export function distanceWeightedPairs(options?: DistanceWeightedPairsOptions): PairMiner {
  const where = 'distanceWeightedPairs';
  const { cutoff, maxDistance, seed } = readOptions(where, options, {
    cutoff: [POSITIVE, 0.5],
    maxDistance: [numberFrom(0, 2), 1.4],
    seed: [INTEGER],
  });
  if (maxDistance <= cutoff) throw new ArgumentError(where, 'maxDistance', `above the cutoff ${cutoff}`, maxDistance);
  return ({ distances, positive, negative, size }) => {
    const taken = tf.mul(negative, tf.cast(tf.less(distances, maxDistance), 'float32'));
    const d = tf.clipByValue(distances, cutoff, maxDistance);
    const cap = tf.maximum(tf.sub(1, tf.mul(0.25, tf.square(d))), CAP_FLOOR);
    const logWeights = tf.add(tf.mul(2 - size, tf.log(d)), tf.mul((3 - size) / 2, tf.log(cap)));
    if (seed !== undefined) {
      const drawn = tf.add(logWeights, gumbelNoise(distances.shape, seed));
      return tf.add(positive, sharesOf(drawn, farthest(drawn, taken), taken));
    }
    const weights = tf.mul(tf.exp(tf.sub(within(logWeights, taken), farthest(logWeights, taken))), taken);
    return tf.add(positive, tf.divNoNan(weights, tf.sum(weights, 1, true)));
  };
}
