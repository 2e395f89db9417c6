import * as tf from '@tensorflow/tfjs-core';
import { oneOf } from '../../core/check';
import { readOptions } from '../../core/read-options';
import { farthest, nearest, sharesOf } from './extremes';
import type { PairMiner } from './pair-miner';

/** Options of {@link semiHardPairs}. */
export interface SemiHardPairsOptions {
  /** Which positive of each row; default `'farthest'`. `'nearest'` leaves a class room for several clusters. */
  whichPositive?: 'farthest' | 'nearest';
}

/**
 * For each row one positive, and the nearest of the negatives that are farther away than it. Ties share.
 *
 * A row whose negatives all are nearer takes none of them; a row without a positive, as every OoD row, takes nothing
 * (as a column it is a negative of others).
 *
 * Source: Schroff, Kalenichenko, Philbin, CVPR 2015; with the nearest positive: Xuan, Stylianou, Pless, WACV 2020.
 *
 * @throws ArgumentError for another `whichPositive`
 * @example
 * contrastiveLoss(labels, embeddings, { pairs: 'all', miner: semiHardPairs() });
 */
export function semiHardPairs(options?: SemiHardPairsOptions): PairMiner {
  const { whichPositive } = readOptions('semiHardPairs', options, {
    whichPositive: [oneOf('farthest', 'nearest'), 'farthest'],
  });
  const extreme = whichPositive === 'farthest' ? farthest : nearest;
  return ({ distances, positive, negative }) => {
    const own = extreme(distances, positive);
    const beyond = tf.mul(tf.cast(tf.greater(distances, own), 'float32'), negative);
    const semiHard = tf.mul(beyond, tf.max(positive, 1, true));
    return tf.add(sharesOf(distances, own, positive), sharesOf(distances, nearest(distances, semiHard), semiHard));
  };
}
