import { ArgumentError } from '../../core/errors';
import { allowedAlarms, countAllowing } from '../../thresholds/allowed-alarms';
import type { ScorerMethod } from '../../scorers/contract/scorer';
import type { CalibrationMethod } from './calibration-info';

/** What decides how a detector is calibrated. */
export interface CalibrationChoice {
  calibration: CalibrationMethod | undefined;
  folds: number;
  acceptNoAlarm: boolean;
}

/** 1 / (count + 1), in four digits that are not below it. */
export function smallestRate(count: number): number {
  const rate = 1 / (count + 1);
  const scale = 10 ** (3 - Math.floor(Math.log10(rate)));
  return Math.ceil(Number((rate * scale).toPrecision(12))) / scale;
}

/** Name and value of the smallest false-alarm rate. */
function strictest(rates: Readonly<Record<string, number>>): [what: string, rate: number] {
  const [name, rate] = Object.entries(rates).reduce((least, own) => (own[1] < least[1] ? own : least));
  return [name === 'default' ? 'alpha' : `cutPoints.${name}`, rate];
}

/** What an error says where so few rows calibrate that nothing is ever called OoD. */
export const tooFew = (count: number, rate: number, more: string): string =>
  `at least ${smallestRate(count)}, as ${count} images calibrate (a rate of ${rate} takes ${countAllowing(1, rate)}${more}; ` +
  `with fewer nothing, however strange, is called out of distribution. { acceptNoAlarm: true } gives p-values alone)`;

/**
 * Held-out images where `held` of `count` are enough for every rate; of fewer images folds, where the scorer scores
 * outputs alone. What was asked for by name stays.
 *
 * @throws ArgumentError where nothing could be called OoD at some rate, unless that is accepted
 */
export function chooseMethod(
  where: string,
  { calibration, folds, acceptNoAlarm }: CalibrationChoice,
  scorer: Pick<ScorerMethod, 'kind' | 'needs'>,
  rates: Readonly<Record<string, number>>,
  { count, held }: { count: number; held: number },
): CalibrationMethod {
  const canFold = !scorer.needs.includes('images');
  if (calibration === 'cross' && !canFold) {
    throw new ArgumentError(where, 'calibration', `'held-out', as '${scorer.kind}' scores images again`, calibration);
  }
  if (calibration === 'cross' && count < folds) {
    throw new ArgumentError(where, 'folds', `at most ${count}, as there are so many images`, folds);
  }
  const [what, rate] = strictest(rates);
  const suffices = (rows: number) => allowedAlarms(rows, rate) > 0;
  const isFew = !suffices(held);
  const chosen = calibration ?? (isFew && canFold && count >= folds && suffices(count) ? 'cross' : 'held-out');
  if (acceptNoAlarm || suffices(chosen === 'cross' ? count : held)) return chosen;
  const all = Math.ceil(countAllowing(1, rate) / (held / count));
  const more = chosen === 'cross' || (canFold && !calibration) ? '' : `, some ${all} images in all`;
  throw new ArgumentError(where, what, tooFew(canFold && !calibration ? count : held, rate, more), rate);
}
