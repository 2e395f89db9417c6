import * as tf from '@tensorflow/tfjs-core';
import { farthest, nearest, sharesOf } from './extremes';
import { overAnchors, type TripletMiner } from './triplet-miner';

/**
 * For each positive pair the nearest negative that is farther than the positive, or, where there is none, the farthest
 * negative. Ties share the gradient.
 *
 * Source: Schroff, Kalenichenko, Philbin, CVPR 2015.
 *
 * @example
 * tripletLoss(labels, embeddings, { miner: semiHardTriplets() });
 */
export function semiHardTriplets(): TripletMiner {
  return (candidates, price) =>
    overAnchors(candidates, ({ distances, powers, positive, negative }) => {
      const toPositive = tf.expandDims(distances, 2); // [A, C, 1]
      const [least, most] = [tf.min(toPositive, 1, true), tf.max(toPositive, 1, true)];
      const everyPositive = tf.onesLike(toPositive);
      const toNegative = tf.mul(tf.expandDims(distances, 1), everyPositive); // [A, C, C]
      const others = tf.mul(tf.expandDims(negative, 1), everyPositive);
      const beyond = tf.mul(tf.cast(tf.greater(toNegative, toPositive), 'float32'), others);
      const hasBeyond = tf.max(beyond, 2, true);
      const pool = tf.add(tf.mul(hasBeyond, beyond), tf.mul(tf.sub(1, hasBeyond), others));
      const chosen = tf.add(
        tf.mul(hasBeyond, nearest(toNegative, pool, most)),
        tf.mul(tf.sub(1, hasBeyond), farthest(toNegative, pool, least)),
      );
      const shares = sharesOf(toNegative, chosen, pool);
      const power = tf.sum(tf.mul(shares, tf.expandDims(powers, 1)), 2); // [A, C], of the negative of each positive
      const { cost, slope } = price(tf.sub(powers, power));
      const valid = tf.mul(positive, tf.max(negative, 1, true));
      const slopes = tf.mul(slope, valid);
      return {
        sum: tf.sum(tf.mul(cost, valid)),
        count: tf.sum(valid),
        gradient: tf.sub<tf.Tensor2D>(slopes, tf.sum(tf.mul(tf.expandDims(slopes, 2), shares), 1)),
      };
    });
}
