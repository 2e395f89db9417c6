import { maxLogitScore } from '../contract/logit-scores';
import { readyLogitScorer, type LogitMethod } from './ready-logit-scorer';
import type { ReadyScorer } from '../contract/scorer';

const METHOD: LogitMethod = {
  where: 'maxLogit',
  kind: 'max-logit',
  options: {},
  scoreOf: maxLogitScore,
  saved: () => METHOD,
};

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
  return readyLogitScorer(METHOD);
}
