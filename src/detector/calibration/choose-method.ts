import { ArgumentError } from '../../core/errors';
import { confidentAlpha, confidentCount, countAllowing } from '../../thresholds/allowed-alarms';
import { alarmsOf } from '../../thresholds/conformal-threshold';
import type { ScorerMethod } from '../../scorers/contract/scorer';
import type { CalibrationMethod } from './calibration-info';

/** What decides how a detector is calibrated. */
export interface CalibrationChoice {
  calibration: CalibrationMethod | undefined;
  folds: number;
  acceptNoAlarm: boolean;
  confidence: number | undefined;
}

/** The smallest rate that so many rows allow, in four digits that are not below it. */
function smallestRate(count: number, confidence: number | undefined): number {
  const rate = confidence === undefined ? 1 / (count + 1) : confidentAlpha(count, confidence);
  const scale = 10 ** (3 - Math.floor(Math.log10(rate)));
  return Math.ceil(Number((rate * scale).toPrecision(12))) / scale;
}

/** How many rows a rate takes. */
const countFor = (rate: number, confidence: number | undefined): number =>
  confidence === undefined ? countAllowing(1, rate) : confidentCount(rate, confidence);

/** Name and value of the smallest false-alarm rate. */
function strictest(rates: Readonly<Record<string, number>>): [what: string, rate: number] {
  const [name, rate] = Object.entries(rates).reduce((least, own) => (own[1] < least[1] ? own : least));
  return [name === 'default' ? 'alpha' : `cutPoints.${name}`, rate];
}

/** What an error says where so few rows calibrate that nothing is ever called OoD. */
export const tooFew = (count: number, rate: number, confidence: number | undefined, more: string): string =>
  `at least ${smallestRate(count, confidence)}, as ${count} images calibrate (a rate of ${rate}` +
  `${confidence === undefined ? '' : ` with confidence ${confidence}`} takes ${countFor(rate, confidence)}${more}; ` +
  `with fewer nothing, however strange, is called out of distribution. { acceptNoAlarm: true } gives p-values alone)`;

/**
 * Held-out images where `held` of `count` are enough for every rate; of fewer images folds, where the scorer scores
 * outputs alone. What was asked for by name stays.
 *
 * @throws ArgumentError where nothing could be called OoD at some rate, unless that is accepted
 */
export function chooseMethod(
  where: string,
  { calibration, folds, acceptNoAlarm, confidence }: CalibrationChoice,
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
  if (calibration === 'cross' && confidence !== undefined) {
    throw new ArgumentError(where, 'confidence', 'left out, as folds promise a rate on average alone', confidence);
  }
  const [what, rate] = strictest(rates);
  const suffices = (rows: number) => alarmsOf(rows, rate, confidence).allowed > 0;
  const mayFold = canFold && calibration === undefined && confidence === undefined;
  const chosen =
    calibration ?? (!suffices(held) && mayFold && count >= folds && suffices(count) ? 'cross' : 'held-out');
  if (acceptNoAlarm || suffices(chosen === 'cross' ? count : held)) return chosen;
  const all = Math.ceil(countFor(rate, confidence) / (held / count));
  const isOfAll = chosen === 'cross' || mayFold;
  throw new ArgumentError(
    where,
    what,
    tooFew(isOfAll ? count : held, rate, confidence, isOfAll ? '' : `, some ${all} images in all`),
    rate,
  );
}
