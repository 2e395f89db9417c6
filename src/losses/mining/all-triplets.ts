import * as tf from '@tensorflow/tfjs-core';
import { ownKernel } from '../pairwise-distances';
import { overAnchors, type TripletMiner } from './triplet-miner';

/**
 * Every positive with every negative of each anchor: what `tripletLoss` takes by default.
 *
 * @example
 * tripletLoss(labels, embeddings, { miner: allTriplets() });
 */
export function allTriplets(): TripletMiner {
  return (candidates, price) => {
    const { powers, positive, negative } = candidates;
    const { margin } = price;
    const own =
      margin === undefined ? undefined : ownKernel('HingeTriplets', { powers, positive, negative }, { margin });
    if (own) {
      const [sum, count, gradient] = own as [tf.Tensor, tf.Tensor, tf.Tensor2D];
      return { sum, count, gradient };
    }
    return overAnchors(candidates, ({ powers, positive, negative }) => {
      const valid = tf.mul(tf.expandDims(positive, 2), tf.expandDims(negative, 1)); // [A, C, C]
      const { cost, slope } = price(tf.sub(tf.expandDims(powers, 2), tf.expandDims(powers, 1)));
      const slopes = tf.mul(slope, valid);
      return {
        // A row at a time: of a million numbers float32 loses the last digit.
        sum: tf.sum(tf.sum(tf.mul(cost, valid), 2)),
        count: tf.sum(valid),
        gradient: tf.sub<tf.Tensor2D>(tf.sum(slopes, 2), tf.sum(slopes, 1)),
      };
    });
  };
}
