import * as tf from '@tensorflow/tfjs-core';
import { check, FUNCTION } from '../../core/check';
import { allTriplets } from './all-triplets';
import type { PairMiner } from './pair-miner';
import type { TripletMiner } from './triplet-miner';

/**
 * The triplets of the pairs that a miner chooses: a triplet weighs what its positive pair and its negative pair weigh,
 * multiplied.
 *
 * @example
 * const miner = tripletsOf(distanceWeightedPairs()); // for each positive pair one negative, of all distances alike
 * tripletLoss(labels, unitRows(embeddings), { miner });
 */
export function tripletsOf(miner: PairMiner): TripletMiner {
  check('tripletsOf', 'miner', miner, FUNCTION);
  const all = allTriplets();
  return (candidates, price) => {
    const weights = miner(candidates);
    const weighted = (mask: tf.Tensor2D) => tf.mul<tf.Tensor2D>(mask, weights);
    const [positive, negative] = [weighted(candidates.positive), weighted(candidates.negative)];
    return all({ ...candidates, positive, negative }, price);
  };
}
