import type * as tf from '@tensorflow/tfjs-core';

/**
 * What a miner chooses from: the rows of the batch [R] against the columns [C], which are the same rows and then those
 * of an {@link EmbeddingMemory}.
 */
export interface PairCandidates {
  /** Euclidean distances [R, C]. */
  distances: tf.Tensor2D;
  /** 1 where row and column are a pair of one class, else 0; [R, C]. */
  positive: tf.Tensor2D;
  /** 1 where they are of two classes, or one of them OoD; [R, C]. */
  negative: tf.Tensor2D;
  /** Of the rows, [R, 1]; below 0 for OoD. */
  labels: tf.Tensor2D;
  /** Of the columns, [1, C]. */
  columnLabels: tf.Tensor2D;
  /** D, the size of the embeddings. */
  size: number;
}

/**
 * Chooses pairs: weights [R, C] from 0 on. A loss takes weighted means; what is no pair has no weight, whatever comes
 * back.
 *
 * It runs where no gradient is recorded, so that it may use `topk` or comparisons; what it makes is disposed.
 */
export type PairMiner = (pairs: PairCandidates) => tf.Tensor2D;
