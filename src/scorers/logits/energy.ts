import { energyScore } from '../contract/logit-scores';
import type { TemperatureOptions } from './msp';
import { checkOption, POSITIVE } from '../../core/check';
import { readyLogitScorer, type LogitMethod } from './ready-logit-scorer';
import type { ReadyScorer } from '../contract/scorer';
import { savedOption } from '../contract/scorer-state';

const methodOf = (temperature: number): LogitMethod => ({
  where: 'energy',
  kind: 'energy',
  options: { temperature },
  scoreOf: (logits) => energyScore(logits, temperature),
  saved: (state) => methodOf(savedOption('energy.restore', state, 'temperature', POSITIVE)),
});

/**
 * Free energy of the logits.
 *
 * s(x) = -T log(sum over j of exp(x_j / T)): the paper's energy, higher = more out of distribution as it is. Logits
 * [N, C], O(C) a row; finite for all finite logits.
 *
 * Source: Liu et al., NeurIPS 2020, equation 4.
 *
 * @throws ArgumentError for a temperature that is not above 0
 * @example
 * await energy().score({ logits: { data: Float32Array.of(2, 1, 0), shape: [1, 3] } }); // Float32Array [-2.4076059]
 */
export function energy({ temperature = 1 }: TemperatureOptions = {}): ReadyScorer<'logits'> {
  checkOption('energy', 'temperature', temperature, POSITIVE);
  return readyLogitScorer(methodOf(temperature));
}
