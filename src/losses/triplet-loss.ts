import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError } from '../errors';
import { labelColumn, type BatchLabels } from './batch-labels';
import { anchorMasks } from './class-masks';
import { pairwiseDistances, pairwiseSquaredDistances } from './pairwise-distances';

/** Options of {@link tripletLoss}. */
export interface TripletOptions {
  /** By how much a negative must be farther than a positive; default 0.2. */
  margin?: number;
  /** `'hinge'`: max(0, v) (default); `'soft'`: log(1 + e^v), which never stops pulling. */
  cost?: 'hinge' | 'soft';
  /** 1: distances (default), 2: squared distances. */
  power?: 1 | 2;
  /**
   * Which triplets: `'all'` valid ones (default); `'batch-hard'`: for each anchor its farthest positive and nearest negative;
   * `'semi-hard'`: for each positive pair the nearest negative that is farther than the positive, or, where there is none, the
   * farthest negative.
   */
  mining?: 'all' | 'batch-hard' | 'semi-hard';
}

/** For a block of anchors: distances to all rows, and which of those are positives and negatives; all [A, B]. */
interface AnchorBlock {
  distances: tf.Tensor2D;
  positive: tf.Tensor2D;
  negative: tf.Tensor2D;
}

/** Sum of the costs, how many there are, and the gradient of the sum with respect to the distances [A, B]. */
interface BlockCost {
  sum: tf.Tensor;
  count: tf.Tensor;
  gradient: tf.Tensor2D;
}

/** Cost of v = d(positive) - d(negative) + margin, and its slope. */
type Cost = (v: tf.Tensor) => { cost: tf.Tensor; slope: tf.Tensor };

const COSTS: Record<'hinge' | 'soft', Cost> = {
  hinge: (v) => ({ cost: tf.relu(v), slope: tf.step(v) }),
  soft: (v) => ({ cost: tf.softplus(v), slope: tf.sigmoid(v) }),
};

/** Numbers in the largest temporary: 4 MB. */
const BLOCK_SIZE = 2 ** 20;
/** Beyond every distance of interest, within the range of half floats. */
const FAR = 6e4;

/** Every positive with every negative of each anchor. */
function allTriplets({ distances, positive, negative }: AnchorBlock, margin: number, cost: Cost): BlockCost {
  const valid = tf.mul(tf.expandDims(positive, 2), tf.expandDims(negative, 1)); // [A, B, B]
  const v = tf.add(tf.sub(tf.expandDims(distances, 2), tf.expandDims(distances, 1)), margin);
  const { cost: costs, slope } = cost(v);
  const slopes = tf.mul(slope, valid);
  return {
    sum: tf.sum(tf.mul(costs, valid)),
    count: tf.sum(valid),
    gradient: tf.sub<tf.Tensor2D>(tf.sum(slopes, 2), tf.sum(slopes, 1)),
  };
}

/** Equal shares for those where `mask` is 1 and `values` is `best`, along the last axis. */
function sharesOf(values: tf.Tensor, best: tf.Tensor, mask: tf.Tensor): tf.Tensor {
  const chosen = tf.mul(tf.cast(tf.equal(values, best), 'float32'), mask);
  return tf.divNoNan(chosen, tf.sum(chosen, -1, true));
}

const farthest = (values: tf.Tensor, mask: tf.Tensor): tf.Tensor =>
  tf.max(tf.sub(tf.mul(values, mask), tf.mul(FAR, tf.sub(1, mask))), -1, true);
const nearest = (values: tf.Tensor, mask: tf.Tensor): tf.Tensor => tf.neg(farthest(tf.neg(values), mask));

/** The farthest positive and the nearest negative of each anchor; ties share the gradient. */
function hardestTriplets({ distances, positive, negative }: AnchorBlock, margin: number, cost: Cost): BlockCost {
  const [worst, closest] = [farthest(distances, positive), nearest(distances, negative)];
  const valid = tf.mul(tf.max(positive, 1, true), tf.max(negative, 1, true)); // [A, 1]
  const { cost: costs, slope } = cost(tf.add(tf.sub(worst, closest), margin));
  const pull = sharesOf(distances, worst, positive);
  const push = sharesOf(distances, closest, negative);
  return {
    sum: tf.sum(tf.mul(costs, valid)),
    count: tf.sum(valid),
    gradient: tf.mul<tf.Tensor2D>(tf.mul(slope, valid), tf.sub(pull, push)),
  };
}

/** For each positive pair one negative: the nearest beyond the positive, else the farthest. */
function semiHardTriplets({ distances, positive, negative }: AnchorBlock, margin: number, cost: Cost): BlockCost {
  const toPositive = tf.expandDims(distances, 2); // [A, B, 1]
  const toNegative = tf.mul(tf.expandDims(distances, 1), tf.onesLike(toPositive)); // [A, B, B]
  const candidates = tf.mul(tf.expandDims(negative, 1), tf.onesLike(toPositive));
  const beyond = tf.mul(tf.cast(tf.greater(toNegative, toPositive), 'float32'), candidates);
  const hasBeyond = tf.max(beyond, 2, true);
  const pool = tf.add(tf.mul(hasBeyond, beyond), tf.mul(tf.sub(1, hasBeyond), candidates));
  const chosen = tf.add(
    tf.mul(hasBeyond, nearest(toNegative, pool)),
    tf.mul(tf.sub(1, hasBeyond), farthest(toNegative, pool)),
  ); // [A, B, 1]
  const valid = tf.mul(tf.expandDims(positive, 2), tf.max(candidates, 2, true)); // [A, B, 1]
  const { cost: costs, slope } = cost(tf.add(tf.sub(toPositive, chosen), margin));
  const slopes = tf.mul(slope, valid);
  const push = tf.sum(tf.mul(slopes, sharesOf(toNegative, chosen, pool)), 1);
  return {
    sum: tf.sum(tf.mul(costs, valid)),
    count: tf.sum(valid),
    gradient: tf.sub<tf.Tensor2D>(tf.squeeze(slopes, [2]), push),
  };
}

const MINING = { all: allTriplets, 'batch-hard': hardestTriplets, 'semi-hard': semiHardTriplets };

/** The mean cost of the triplets over a matrix of distances, an anchor a row, in blocks of anchors. */
function meanOverTriplets(distances: tf.Tensor2D, labels: tf.Tensor2D, options: Required<TripletOptions>): tf.Scalar {
  const { margin, cost, mining } = options;
  const mean = tf.customGrad((d, save) => {
    const rows = labels.shape[0];
    const { positive, negative } = anchorMasks(labels);
    const cells = mining === 'batch-hard' ? rows : rows * rows;
    const blockRows = Math.max(1, Math.min(rows, Math.floor(BLOCK_SIZE / cells)));
    const blocks: BlockCost[] = [];
    for (let start = 0; start < rows; start += blockRows) {
      const count = Math.min(blockRows, rows - start);
      const blockOf = (x: tf.Tensor2D) => tf.slice(x, start, count);
      const [sum, number, gradient] = tf.tidy(() => {
        const block = {
          distances: blockOf(d as tf.Tensor2D),
          positive: blockOf(positive),
          negative: blockOf(negative),
        };
        const { sum, count, gradient } = MINING[mining](block, margin, COSTS[cost]);
        return [sum, count, gradient] as const;
      });
      blocks.push({ sum, count: number, gradient });
    }
    const total = tf.maximum(tf.addN(blocks.map(({ count }) => count)), 1);
    const gradient = tf.div(tf.concat(blocks.map((block) => block.gradient)), total);
    const value = tf.div<tf.Scalar>(tf.addN(blocks.map(({ sum }) => sum)), total);
    (save as tf.GradSaveFunc)([gradient]);
    return { value, gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => tf.mul(dy, saved!) };
  });
  return mean(distances);
}

/**
 * Triplet loss: a negative must be farther from an anchor than a positive, by a margin.
 *
 * Mean over the triplets (a, p, n) of max(0, d(a, p) - d(a, n) + m), or log(1 + e^(...)). Anchors and positives are known rows
 * of one class; a negative is of another class or OoD (label below 0). An OoD row is never an anchor, and two OoD rows never
 * meet. A batch without a triplet costs 0. The gradient is finite everywhere; memory is O(B^2).
 *
 * Source: Schroff, Kalenichenko, Philbin, CVPR 2015 (semi-hard); Hermans, Beyer, Leibe 2017 (batch-hard, soft margin).
 *
 * @param labels class indices [B], below 0 for OoD
 * @param embeddings [B, D]; not normalised here (see {@link unitRows})
 * @returns a scalar, differentiable with respect to `embeddings`, on every backend
 * @throws ShapeError for another number of labels; ArgumentError for an option out of range
 * @example
 * tripletLoss([0, 0, 1], tf.tensor2d([[0, 0], [1, 0], [0, 1]])); // 0.1: one of two triplets costs 0.2, the other nothing
 */
export function tripletLoss(labels: BatchLabels, embeddings: tf.Tensor2D, options: TripletOptions = {}): tf.Scalar {
  const where = 'tripletLoss';
  const { margin = 0.2, cost = 'hinge', power = 1, mining = 'all' } = options;
  const refuse = (what: string, expected: string, received: unknown): never => {
    throw new ArgumentError({ where, what, expected, received: String(received) });
  };
  if (!(margin >= 0 && Number.isFinite(margin))) refuse('margin', 'a number from 0', margin);
  if (!(cost in COSTS)) refuse('cost', "'hinge' or 'soft'", cost);
  if (power !== 1 && power !== 2) refuse('power', '1 or 2', power);
  if (!(mining in MINING)) refuse('mining', `one of ${Object.keys(MINING).join(', ')}`, mining);
  return tf.tidy(() => {
    const column = labelColumn(where, labels, embeddings);
    const distances = power === 1 ? pairwiseDistances(embeddings) : pairwiseSquaredDistances(embeddings);
    return meanOverTriplets(distances, column, { margin, cost, power, mining });
  });
}
