import * as tf from '@tensorflow/tfjs-core';
import type { PairCandidates } from './pair-miner';

/** What a miner of triplets chooses from: rows are anchors, OoD rows have no pair (as columns they are negatives). */
export interface TripletCandidates extends PairCandidates {
  /** The distances to the power of the loss, [R, C]: what triplets compare. */
  powers: tf.Tensor2D;
}

/** What triplets cost whose positive is farther than their negative by `gap` (to the power), and the slope of that. */
export interface TripletPrice {
  (gap: tf.Tensor): { cost: tf.Tensor; slope: tf.Tensor };
  /** Of a price max(0, gap + margin), which can be summed without a number for each triplet. */
  margin?: number | undefined;
}

/** Sum of the costs, how many triplets there are, and the gradient of the sum with respect to the `powers` [R, C]. */
export interface TripletCost {
  sum: tf.Tensor;
  count: tf.Tensor;
  gradient: tf.Tensor2D;
}

/** Chooses triplets and adds up their costs. It runs where no gradient is recorded; what it makes is disposed. */
export type TripletMiner = (candidates: TripletCandidates, price: TripletPrice) => TripletCost;

/** Numbers in the largest temporary: 4 MB. */
const BLOCK_SIZE = 0x100000;

/** By twos: `addN` of more than eight tensors does nothing on WebGPU, in silence. */
const total = (parts: tf.Tensor[]): tf.Tensor => parts.reduce((sum, part) => tf.add(sum, part));

/** Adds up what blocks of anchors cost, so that [R, C, C] never stands in memory. */
export function overAnchors(all: TripletCandidates, cost: (block: TripletCandidates) => TripletCost): TripletCost {
  const [rows, columns] = all.distances.shape;
  const blockRows = Math.max(1, Math.min(rows, Math.floor(BLOCK_SIZE / (columns * columns))));
  const blocks: TripletCost[] = [];
  for (let start = 0; start < rows; start += blockRows) {
    const part = (x: tf.Tensor2D) => tf.slice(x, start, Math.min(blockRows, rows - start));
    const [sum, count, gradient] = tf.tidy(() => {
      const [distances, powers, labels] = [part(all.distances), part(all.powers), part(all.labels)];
      const [positive, negative] = [part(all.positive), part(all.negative)];
      const result = cost({ ...all, distances, powers, labels, positive, negative });
      return [result.sum, result.count, result.gradient] as const;
    });
    blocks.push({ sum, count, gradient });
  }
  return {
    sum: total(blocks.map(({ sum }) => sum)),
    count: total(blocks.map(({ count }) => count)),
    gradient: tf.concat(blocks.map(({ gradient }) => gradient)),
  };
}
