import { POSITIVE } from '../../core/check';
import { largestMsp, mspScore } from '../contract/logit-scores';
import { defineLogitScorer } from './define-logit-scorer';
import type { ReadyScorer } from '../contract/scorer';

/** Options of {@link msp} and {@link energy}. */
export interface TemperatureOptions {
  /** T: the logits are divided by it; default 1. */
  temperature?: number;
}

/**
 * Maximum softmax probability (MSP).
 *
 * s(x) = -log p_max = log1p(sum over j != argmax of exp((x_j - x_max) / T)). The paper's confidence is p_max; s has the
 * order of 1 - p_max, which float32 rounds to 0 from a logit gap of 17. s tells rows apart up to a gap of 103 T. Logits
 * [N, C], O(C) a row.
 *
 * Measured on wasm: scores grow as N^1.0 (1,000 to 16,000) and C^0.9 (50 to 800).
 *
 * Source: Hendrycks and Gimpel, ICLR 2017; T: Liang et al., ICLR 2018 (ODIN without its step on the image).
 *
 * @throws ArgumentError for a temperature that is not above 0
 * @example
 * await msp().score({ logits: { data: Float32Array.of(2, 1, 0), shape: [1, 3] } }); // Float32Array [0.4076060]
 */
export function msp(options?: TemperatureOptions): ReadyScorer<'logits'> {
  return defineLogitScorer('msp', options, {
    options: { temperature: [POSITIVE, 1] },
    scoreOf: (logits, { temperature }) => mspScore(logits, temperature),
    largestOf: largestMsp,
  });
}
