import * as tf from '@tensorflow/tfjs-core';
import type { EmbeddingMemory } from './embedding-memory';
import { pairwiseSquaredDistances } from './pairwise-distances';

/**
 * What the rows of a batch are held against: themselves, then the rows of a memory. Squared distances [B, C], differentiable, and
 * the labels of the columns [1, C].
 */
export function columnsOf(
  labels: tf.Tensor2D,
  embeddings: tf.Tensor2D,
  memory: EmbeddingMemory | undefined,
): { squares: tf.Tensor2D; columnLabels: tf.Tensor2D } {
  const own = pairwiseSquaredDistances(embeddings);
  if (!memory?.labels) return { squares: own, columnLabels: tf.transpose(labels) };
  return {
    squares: tf.concat([own, memory.squaredDistances(embeddings)], 1),
    columnLabels: tf.transpose(tf.concat([labels, memory.labels])),
  };
}
