import { largestMsp, mspScore } from '../contract/logit-scores';
import { checkOption, POSITIVE } from '../../core/check';
import { readyLogitScorer, type LogitMethod } from './ready-logit-scorer';
import type { ReadyScorer } from '../contract/scorer';
import { savedOption } from '../contract/scorer-state';

/** Options of {@link msp} and {@link energy}. */
export interface TemperatureOptions {
  /** T: the logits are divided by it; default 1. */
  temperature?: number;
}

const methodOf = (temperature: number): LogitMethod => ({
  where: 'msp',
  kind: 'msp',
  options: { temperature },
  scoreOf: (logits) => mspScore(logits, temperature),
  largestOf: largestMsp,
  saved: (state) => methodOf(savedOption('msp.restore', state, 'temperature', POSITIVE)),
});

/**
 * Maximum softmax probability (MSP).
 *
 * s(x) = -log p_max = log1p(sum over j != argmax of exp((x_j - x_max) / T)). The paper's confidence is p_max; s has the
 * order of 1 - p_max, which float32 rounds to 0 from a logit gap of 17. s tells rows apart up to a gap of 103 T. Logits
 * [N, C], O(C) a row.
 *
 * Source: Hendrycks and Gimpel, ICLR 2017; T: Liang et al., ICLR 2018 (ODIN without its step on the image).
 *
 * @throws ArgumentError for a temperature that is not above 0
 * @example
 * await msp().score({ logits: { data: Float32Array.of(2, 1, 0), shape: [1, 3] } }); // Float32Array [0.4076060]
 */
export function msp({ temperature = 1 }: TemperatureOptions = {}): ReadyScorer<'logits'> {
  checkOption('msp', 'temperature', temperature, POSITIVE);
  return readyLogitScorer(methodOf(temperature));
}
