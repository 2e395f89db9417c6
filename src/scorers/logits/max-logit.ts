import { maxLogitScore } from '../contract/logit-scores';
import { defineLogitScorer } from './define-logit-scorer';
import type { ReadyScorer } from '../contract/scorer';
import { noOptions, type NoOptions } from './no-options';

/**
 * The largest logit, negated.
 *
 * s(x) = -max over j of x_j (the paper's anomaly score). Logits [N, C], O(C) a row.
 *
 * Measured on wasm: scores grow as N^1.0 (1,000 to 16,000) and C^0.8 (50 to 800).
 *
 * Source: Hendrycks et al., Scaling Out-of-Distribution Detection for Real-World Settings, ICML 2022, section 3.
 *
 * @throws ArgumentError for any option: it has none
 * @example
 * await maxLogit().score({ logits: { data: Float32Array.of(2, 1, 0), shape: [1, 3] } }); // Float32Array [-2]
 */
export function maxLogit(options?: NoOptions): ReadyScorer<'logits'> {
  return defineLogitScorer('maxLogit', noOptions('maxLogit', options), {
    options: {},
    scoreOf: maxLogitScore,
  });
}
