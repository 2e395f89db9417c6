import * as tf from '@tensorflow/tfjs-core';
import { POSITIVE } from '../../core/check';
import { readOptions } from '../../core/read-options';
import type { PairMiner } from './pair-miner';

/**
 * All positive pairs, and the negative ones that still cost something: those nearer than the margin. Where there are
 * many classes most negative pairs are soon apart, and their zeros make a mean over all of them too small to learn
 * from.
 *
 * @param options `margin`: that of the loss, above 0; default 10, as the loss has
 * @throws ArgumentError for a margin out of range
 * @example
 * odmLoss(labels, embeddings, { pairs: 'all', power: 2, positiveShare: 0.3, miner: violatingPairs() });
 */
export function violatingPairs(options?: { margin?: number }): PairMiner {
  const { margin } = readOptions('violatingPairs', options, { margin: [POSITIVE, 10] });
  return ({ distances, positive, negative }) =>
    tf.add(positive, tf.mul<tf.Tensor2D>(negative, tf.cast(tf.less(distances, margin), 'float32')));
}
