import { ArgumentError, FormatError } from '../../core/errors';
import { checkedHead, headTensors, savedHead } from '../contract/checked-head';
import { featureScorer } from '../contract/feature-scorer';
import { headLogits } from './head-logits';
import { indexOfLargest } from '../contract/logit-scores';
import { checkOption, COUNT } from '../../core/check';
import { readRows } from '../contract/rows';
import type { Head, Scorer, ScorerMethod } from '../contract/scorer';
import { checkKind, tensorOf } from '../contract/scorer-state';
import { agreeingBlocks } from '../contract/agreeing-blocks';

/** Options of {@link fdbd}. */
export interface FdbdOptions {
  /** Rows that go through the backend at once, default 4096. */
  blockSize?: number;
}

/** The lowest float32: at the mean itself the score would be -infinity. */
const LOWEST = -(2 - 2 ** -23) * 2 ** 127;

type Refuse = (expected: string, received: string) => never;

/** ||w_a - w_b|| of all pairs of classes [C, C]. Throws unless there are two classes, and no two of equal weights. */
function separations({ weights, shape: [size, classes] }: Head, refuse: Refuse): Float64Array {
  if (classes < 2) refuse('one with at least 2 classes (of one there is no decision boundary)', String(classes));
  const between = new Float64Array(classes * classes);
  for (let a = 0; a < classes; a++) {
    for (let b = 0; b < a; b++) {
      let square = 0;
      for (let i = 0; i < size; i++) square += (weights[i * classes + a]! - weights[i * classes + b]!) ** 2;
      if (square === 0) refuse('other weights for each class', `the same for classes ${b} and ${a}`);
      between[a * classes + b] = between[b * classes + a] = Math.sqrt(square);
    }
  }
  return between;
}

function scorerOf(head: Head, mean: Float64Array, blockSize: number, refuse: Refuse): Scorer<'features'> {
  const [size, classes] = head.shape;
  const between = separations(head, refuse);
  const logits = headLogits('fdbd', head, blockSize);
  /** Mean distance to the boundaries between the predicted class and each other one. */
  const boundaryDistance = (own: Float64Array): number => {
    const top = indexOfLargest(own);
    let sum = 0;
    own.forEach((logit, c) => {
      if (c !== top) sum += (own[top]! - logit) / between[top * classes + c]!;
    });
    return sum / (classes - 1);
  };
  return featureScorer({
    where: 'fdbd',
    size,
    state: {
      kind: 'fdbd',
      options: {},
      tensors: { ...headTensors(head), mean: { dtype: 'F64', shape: [size], data: mean } },
    },
    largestScore: 0, // on all boundaries at once
    async scoresOf({ data, shape: [count] }) {
      const all = await logits.of(data);
      return Float64Array.from({ length: count }, (_, row) => {
        const distance = boundaryDistance(all.subarray(row * classes, (row + 1) * classes));
        if (distance === 0) return 0;
        let square = 0;
        for (let i = 0; i < size; i++) square += (data[row * size + i]! - mean[i]!) ** 2;
        return Math.max(LOWEST, -distance / Math.sqrt(square));
      });
    },
    dispose: () => logits.dispose(),
  });
}

/**
 * Distance to the decision boundaries (fDBD), relative to the distance from the mean training feature.
 *
 * s(x) = - (mean over c != f(x) of (logit_f(x) - logit_c) / ||w_f(x) - w_c||) / ||x - mean||, where f(x) is the
 * predicted class; the paper's confidence is -s. A row on all boundaries at once scores 0, one at the mean the lowest
 * float32. Features [N, D]; one pass with memory of D, a table of C x C made in O(C^2 D), O(D C) a row. The state holds
 * head and mean.
 *
 * Source: Liu and Qin, Fast Decision Boundary based Out-of-Distribution Detector, ICML 2024.
 *
 * @throws ArgumentError for a head with one class or with equal weights of two classes, a missing head, no rows;
 *   ShapeError where the features do not fit the head
 * @example
 * const head = { weights: Float32Array.of(1, -1, 0, 0), bias: Float32Array.of(0, 0), shape: [2, 2] } as const;
 * const blocks = [{ features: { data: Float32Array.of(2, 0, -2, 0), shape: [2, 2] as const } }];
 * const scorer = await fdbd().fit(blocks, { head });
 * await scorer.score({ features: { data: Float32Array.of(3, 4), shape: [1, 2] } }); // Float32Array [-0.6]
 */
export function fdbd({ blockSize = 4096 }: FdbdOptions = {}): ScorerMethod<'features', 'features' | 'head'> {
  checkOption('fdbd', 'blockSize', blockSize, COUNT);
  return {
    kind: 'fdbd',
    needs: ['features'],
    fitNeeds: ['features', 'head'],
    async fit(blocks, parts) {
      const head = checkedHead('fdbd', parts);
      const size = head.shape[0];
      const sum = new Float64Array(size);
      let seen = 0;
      for await (const block of agreeingBlocks('fdbd', head, blocks)) {
        const { data, shape } = await readRows('fdbd', 'features', block, size);
        for (let i = 0; i < data.length; i++) sum[i % size]! += data[i]!;
        seen += shape[0];
        parts.onProgress?.(seen);
      }
      if (seen === 0) {
        throw new ArgumentError('fdbd', 'blocks', 'at least one row', 'no row');
      }
      const mean = sum.map((value) => value / seen);
      return scorerOf(head, mean, blockSize, (expected, received) => {
        throw new ArgumentError('fdbd', 'head', expected, received);
      });
    },
    restore(state) {
      const where = 'fdbd.restore';
      checkKind(where, state, 'fdbd', ['weights', 'bias', 'mean']);
      const head = savedHead(where, state);
      const { data: mean } = tensorOf(where, state, 'mean', 'F64', [head.shape[0]]);
      return scorerOf(head, mean, blockSize, (expected, received) => {
        throw new FormatError(where, 'state.tensors.weights', expected, received);
      });
    },
  };
}
