import { COUNT } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { COUNTS, readArrays, writeArrays, type SavedArrays } from '../../core/saved/saved-arrays';
import { HEAD, headOf } from '../contract/checked-head';
import type { Wrong } from '../contract/define-row-scorer';
import { defineScorer } from '../contract/define-scorer';
import { indexOfLargest } from '../contract/logit-scores';
import type { Head, ScorerMethod } from '../contract/scorer';
import { countsOf } from '../partial/accumulator';
import { headLogits } from './head-logits';

/** Options of {@link fdbd}. */
export interface FdbdOptions {
  /** Rows that go through the backend at once, default 4096. */
  blockSize?: number;
}

/** What is gathered of rows. */
const SUMS = {
  sum: { dtype: 'F64', shape: ['D'] },
  count: { dtype: 'F64', shape: [1], rule: COUNTS },
} as const satisfies SavedArrays;

/** The lowest float32: at the mean itself the score would be -infinity. */
const LOWEST = -(2 - 2 ** -23) * 2 ** 127;

/** ||w_a - w_b|| of all pairs of classes [C, C]. */
function separations({ weights, shape: [size, classes] }: Head): Float64Array {
  const between = new Float64Array(classes * classes);
  for (let a = 0; a < classes; a++) {
    for (let b = 0; b < a; b++) {
      let square = 0;
      for (let i = 0; i < size; i++) square += (weights[i * classes + a]! - weights[i * classes + b]!) ** 2;
      between[a * classes + b] = between[b * classes + a] = Math.sqrt(square);
    }
  }
  return between;
}

/** Boundaries lie between two classes, of weights that differ. */
function wrongBoundaries(head: Head): Omit<Wrong, 'what'> | undefined {
  const classes = head.shape[1];
  if (classes < 2) {
    return { expected: 'one with at least 2 classes (of one there is no decision boundary)', received: classes };
  }
  const equal = separations(head).findIndex((own, at) => own === 0 && at % (classes + 1) !== 0);
  if (equal < 0) return undefined;
  const received = `the same for classes ${Math.floor(equal / classes)} and ${equal % classes}`;
  return { expected: 'other weights for each class', received };
}

/**
 * Distance to the decision boundaries (fDBD), relative to the distance from the mean training feature.
 *
 * s(x) = - (mean over c != f(x) of (logit_f(x) - logit_c) / ||w_f(x) - w_c||) / ||x - mean||, where f(x) is the
 * predicted class; the paper's confidence is -s. A row on all boundaries at once scores 0, one at the mean the lowest
 * float32. Features [N, D]; one pass with memory of D, a table of C x C made in O(C^2 D), O(D C) a row. The state holds
 * head and mean.
 *
 * Measured on wasm: a fit grows as N^0.9 (2,000 to 8,000), D^1.1 (256 to 1,024) and C^1.4 (50 to 800); scores grow as
 * D^0.8 (256 to 1,024) and C^0.5 (10 to 90).
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
export function fdbd(options?: FdbdOptions): ScorerMethod<'features', 'features' | 'head'> {
  return defineScorer('fdbd', options, {
    needs: ['features'],
    fitNeeds: ['features', 'head'],
    options: { blockSize: [COUNT, 4096] },
    fitted: { ...HEAD, mean: { dtype: 'F64', shape: ['D'] } },
    gather({ head }) {
      const wrong = wrongBoundaries(head);
      if (wrong) throw new ArgumentError('fdbd', 'head', wrong.expected, wrong.received);
      const size = head.shape[0];
      const sum = new Float64Array(size); // of like float32 numbers it is exact, up to 2^29 of them
      let seen = 0;
      return {
        add({ features, count }) {
          features.data.forEach((value, i) => (sum[i % size]! += value));
          seen += count;
        },
        merge(state, where) {
          const other = readArrays(where, state, SUMS, 'state', { D: size });
          other.sum.forEach((value, i) => (sum[i]! += value));
          seen += other.count[0]!;
        },
        rowsIn: ({ count }) => countsOf(count),
        state: () => writeArrays(SUMS, { sum: sum.slice(), count: Float64Array.of(seen) }),
        finish: () => ({ ...head, mean: sum.map((value) => value / seen) }),
      };
    },
    check(fitted) {
      const wrong = wrongBoundaries(headOf(fitted));
      return wrong && { what: 'tensors.weights', ...wrong };
    },
    score({ mean, ...arrays }, { options: { blockSize } }) {
      const head = headOf(arrays);
      const [size, classes] = head.shape;
      const between = separations(head);
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
      return {
        largestScore: 0, // on all boundaries at once
        async scoresOf({ features: { data, shape } }) {
          const all = await logits.of(data);
          return Float64Array.from({ length: shape[0] }, (_, row) => {
            const distance = boundaryDistance(all.subarray(row * classes, (row + 1) * classes));
            if (distance === 0) return 0;
            let square = 0;
            for (let i = 0; i < size; i++) square += (data[row * size + i]! - mean[i]!) ** 2;
            return Math.max(LOWEST, -distance / Math.sqrt(square));
          });
        },
        dispose: () => logits.dispose(),
      };
    },
  });
}
