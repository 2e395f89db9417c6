import * as tf from '@tensorflow/tfjs-core';
import { farthest, nearest, sharesOf } from './extremes';
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
  return ({ powers, positive, negative }, price) => {
    const [pulled, pushed] = [farthest(powers, positive), nearest(powers, negative)]; // [R, 1]
    const { cost, slope } = price(tf.sub(pulled, pushed));
    const valid = tf.mul(tf.max(positive, 1, true), tf.max(negative, 1, true));
    const direction = tf.sub(sharesOf(powers, pulled, positive), sharesOf(powers, pushed, negative));
    return {
      sum: tf.sum(tf.mul(cost, valid)),
      count: tf.sum(valid),
      gradient: tf.mul<tf.Tensor2D>(tf.mul(slope, valid), direction),
    };
  };
}
