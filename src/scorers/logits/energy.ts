import { POSITIVE } from '../../core/check';
import { energyScore } from '../contract/logit-scores';
import type { TemperatureOptions } from './msp';
import { defineLogitScorer } from './define-logit-scorer';
import type { ReadyScorer } from '../contract/scorer';

/**
 * Free energy of the logits.
 *
 * s(x) = -T log(sum over j of exp(x_j / T)): the paper's energy, higher = more out of distribution as it is. Logits
 * [N, C], O(C) a row; finite for all finite logits.
 *
 * Measured on wasm: scores grow as N^1.0 (1,000 to 16,000) and C^0.9 (50 to 800).
 *
 * Source: Liu et al., NeurIPS 2020, equation 4.
 *
 * @throws ArgumentError for a temperature that is not above 0
 * @example
 * await energy().score({ logits: { data: Float32Array.of(2, 1, 0), shape: [1, 3] } }); // Float32Array [-2.4076059]
 */
export function energy(options?: TemperatureOptions): ReadyScorer<'logits'> {
  return defineLogitScorer('energy', options, {
    options: { temperature: [POSITIVE, 1] },
    scoreOf: (logits, { temperature }) => energyScore(logits, temperature),
  });
}
