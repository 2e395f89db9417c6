import * as tf from '@tensorflow/tfjs-core';
import { hardestPairs } from './hardest-pairs';
import type { TripletMiner } from './triplet-miner';

/**
 * For each anchor its farthest positive and its nearest negative (batch-hard). Ties share the gradient.
 *
 * Source: Hermans, Beyer, Leibe 2017.
 *
 * @example
 * tripletLoss(labels, embeddings, { miner: hardestTriplets(), cost: 'soft' });
 */
export function hardestTriplets(): TripletMiner {
  const hardest = hardestPairs();
  return (candidates, price) => {
    const { powers, positive, negative } = candidates;
    const shares = hardest(candidates);
    const [pull, push] = [tf.mul(shares, positive), tf.mul(shares, negative)];
    const direction = tf.sub(pull, push);
    const { cost, slope } = price(tf.sum(tf.mul(direction, powers), 1, true)); // [R, 1]
    const valid = tf.mul(tf.max(positive, 1, true), tf.max(negative, 1, true));
    return {
      sum: tf.sum(tf.mul(cost, valid)),
      count: tf.sum(valid),
      gradient: tf.mul<tf.Tensor2D>(tf.mul(slope, valid), direction),
    };
  };
}
