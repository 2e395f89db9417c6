import { COUNT, SHARE_OR_ALL } from '../../core/check';
import { genScore, largestGen } from '../contract/logit-scores';
import { defineLogitScorer } from './define-logit-scorer';
import type { ReadyScorer } from '../contract/scorer';

/** Options of {@link gen}. */
export interface GenOptions {
  /** Power of p and of 1 - p, above 0 and at most 1; small ones weigh the rare classes up. Default 0.1. */
  gamma?: number;
  /** How many of the largest probabilities count; default 100 (of fewer classes all). */
  m?: number;
}

/**
 * Generalized entropy of the softmax (GEN).
 *
 * s(x) = sum over the m largest p_j of p_j^gamma (1 - p_j)^gamma. The paper's confidence is -s. Logits [N, C],
 * O(C log C) a row. In log space: a probability of 1e-300 counts, and 1 - p of the predicted class is exact.
 *
 * Measured on wasm: scores grow as N^1.0 (1,000 to 16,000) and C^1.0 (50 to 800).
 *
 * Source: Liu, Lochman, Zach, GEN, CVPR 2023, equation 4.
 *
 * @throws ArgumentError for gamma outside (0, 1] or m that is no whole number from 1
 * @example
 * await gen().score({ logits: { data: Float32Array.of(2, 1, 0), shape: [1, 3] } }); // Float32Array [2.4838429]
 */
export function gen(options?: GenOptions): ReadyScorer<'logits'> {
  return defineLogitScorer('gen', options, {
    options: { gamma: [SHARE_OR_ALL, 0.1], m: [COUNT, 100] },
    scoreOf: (logits, { gamma, m }) => genScore(logits, gamma, m),
    largestOf: (classes, { gamma, m }) => largestGen(classes, gamma, m),
  });
}
