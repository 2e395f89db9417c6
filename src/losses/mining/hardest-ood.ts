import * as tf from '@tensorflow/tfjs-core';
import { SHARE_OR_ALL } from '../../core/check';
import { readOptions } from '../../core/read-options';
import { oodColumn } from '../batch-labels';
import { nearest } from './extremes';
import type { PairMiner } from './pair-miner';

/** Options of {@link hardestOod}. */
export interface HardestOodOptions {
  /** Share of the OoD rows to take, in (0, 1]; one at least. Default 0.5. */
  share?: number;
}

/** 1 for every known row; for an OoD row 1 if few enough others are nearer to a known one. All [n, 1]. */
function keptRows(isOod: tf.Tensor, toKnown: tf.Tensor, share: number): tf.Tensor {
  const nearer = tf.mul(tf.cast(tf.less(tf.transpose(toKnown), toKnown), 'float32'), tf.transpose(isOod));
  // Ranks are whole: a thousandth below the limit keeps a rounded share * count from taking one more.
  const limit = tf.maximum(tf.sub(tf.mul(share, tf.sum(isOod)), 1e-3), 0.5);
  const kept = tf.cast(tf.less(tf.sum(nearer, 1, true), limit), 'float32');
  return tf.sub(1, tf.mul(isOod, tf.sub(1, kept)));
}

/**
 * All pairs of known rows, and of the OoD rows those that lie nearest to a known one, with all their pairs.
 *
 * An OoD row that is far away already has nothing to teach; ODM draws its OoD rows at random and so meets many of
 * these. Rows at the same distance are taken together. In a memory the OoD rows are ranked among themselves.
 *
 * Source: the mining of hard negatives, applied to the OoD rows of Masana et al., BMVC 2018; ours.
 *
 * @throws ArgumentError for a share outside (0, 1]
 * @example
 * odmLoss(labels, embeddings, { pairs: 'all', miner: hardestOod({ share: 0.25 }) });
 */
export function hardestOod(options?: HardestOodOptions): PairMiner {
  const { share } = readOptions('hardestOod', options, { share: [SHARE_OR_ALL, 0.5] });
  return ({ distances, negative, labels, columnLabels }) => {
    const kept = (own: tf.Tensor2D, d: tf.Tensor, mask: tf.Tensor) => keptRows(oodColumn(own), nearest(d, mask), share);
    // An OoD row's negatives are the known ones.
    const rows = kept(labels, distances, negative);
    const columns = kept(tf.transpose(columnLabels), tf.transpose(distances), tf.transpose(negative));
    return tf.mul(rows, tf.transpose(columns));
  };
}
