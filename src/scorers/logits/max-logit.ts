import { maxLogitScore } from '../contract/logit-scores';
import { defineLogitScorer } from './define-logit-scorer';
import type { ReadyScorer } from '../contract/scorer';

/**
 * The largest logit, negated.
 *
 * s(x) = -max over j of x_j (the paper's anomaly score). Logits [N, C], O(C) a row.
 *
 * Source: Hendrycks et al., Scaling Out-of-Distribution Detection for Real-World Settings, ICML 2022, section 3.
 *
 * @example
 * await maxLogit().score({ logits: { data: Float32Array.of(2, 1, 0), shape: [1, 3] } }); // Float32Array [-2]
 */
export function maxLogit(): ReadyScorer<'logits'> {
  return defineLogitScorer('maxLogit', undefined, {
    options: {},
    scoreOf: maxLogitScore,
  });
}
