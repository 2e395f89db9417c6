import * as tf from '@tensorflow/tfjs-core';
import { farthest, nearest, sharesOf } from './extremes';
import type { PairMiner } from './pair-miner';

/**
 * For each row its farthest positive and its nearest negative; an OoD row has the nearest known row. Ties share.
 *
 * Source: Hermans, Beyer, Leibe 2017 (batch-hard), for pairs.
 *
 * @example
 * contrastiveLoss(labels, embeddings, { pairs: 'all', miner: hardestPairs() });
 */
export function hardestPairs(): PairMiner {
  return ({ distances, positive, negative }) =>
    tf.add(
      sharesOf(distances, farthest(distances, positive), positive),
      sharesOf(distances, nearest(distances, negative), negative),
    );
}
