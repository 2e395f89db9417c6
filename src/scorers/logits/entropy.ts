import { entropyScore, largestEntropy } from '../contract/logit-scores';
import { defineLogitScorer } from './define-logit-scorer';
import type { ReadyScorer } from '../contract/scorer';
import { noOptions, type NoOptions } from './no-options';

/**
 * Shannon entropy of the softmax, in nats.
 *
 * s(x) = - sum over j of p_j log p_j, in [0, log C]: high where the classifier can't decide. Logits [N, C], O(C) a row.
 * Tells rows apart up to a logit gap of about 100, where float32 ends.
 *
 * Measured on wasm: scores grow as N^1.0 (1,000 to 16,000) and C^1.0 (50 to 800).
 *
 * Source: Shannon 1948; as an OoD score e.g. Lakshminarayanan et al., NeurIPS 2017.
 *
 * @throws ArgumentError for any option: it has none
 * @example
 * await entropy().score({ logits: { data: Float32Array.of(2, 1, 0), shape: [1, 3] } }); // Float32Array [0.8323956]
 */
export function entropy(options?: NoOptions): ReadyScorer<'logits'> {
  return defineLogitScorer('entropy', noOptions('entropy', options), {
    options: {},
    scoreOf: entropyScore,
    largestOf: largestEntropy,
  });
}
