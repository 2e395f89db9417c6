import { ArgumentError } from '../../core/errors';
import { countFrom } from '../../core/p-value';
import { alarmsOf } from '../../thresholds/conformal-threshold';
import { tooFew } from './choose-method';
import { countOf, isCross, type Judge } from './judge';

/** The largest score that can come, of each list of scores; undefined where none is known. */
function largestScores({ scorers, calibrations }: Judge): (number | undefined)[] {
  const largest = scorers.map(({ largestScore }) => largestScore);
  if (calibrations.length > 1) return largest;
  const sum = largest.reduce((all, own) => (all === undefined || own === undefined ? undefined : all + own), 0);
  return [sum === undefined ? undefined : sum / largest.length];
}

/** How many rows calibrate with the largest score there is. */
const reachedBy = (judge: Judge): number =>
  largestScores(judge).reduce<number>(
    (sum, largest, k) => sum + (largest === undefined ? 0 : countFrom(judge.calibrations[k]!, largest)),
    0,
  );

/**
 * Throws where nothing, however strange, could be called OoD at this rate: too few rows calibrate, or too many with the
 * largest score there is.
 *
 * @param isAccepted whether too few rows are fine, as the caller asked for p-values alone
 * @throws ArgumentError saying why, and what to do
 */
export function checkAlarm(where: string, what: string, judge: Judge, alpha: number, isAccepted: boolean): void {
  const count = countOf(judge);
  const { allowed } = alarmsOf(count, alpha, judge.confidence);
  if (allowed === 0) {
    if (isAccepted) return;
    throw new ArgumentError(where, what, tooFew(count, alpha, judge.confidence, ''), alpha);
  }
  const reached = reachedBy(judge);
  if (reached < allowed) return;
  const { kind, largestScore } = judge.scorers[0]!;
  const scores =
    reached === count ? `all ${count} calibration scores are` : `${reached} of ${count} calibration scores are`;
  const instead =
    reached === count
      ? ''
      : judge.confidence === undefined
        ? `at least ${(reached + 1) / (count + 1)}, or with `
        : 'a higher rate, or with ';
  throw new ArgumentError(
    where,
    what,
    `${instead}another scorer (${scores} ${isCross(judge) ? '' : `${largestScore}, `}the largest that '${kind}' can give: ` +
      `at this rate that is the threshold, and nothing, however strange, would be called out of distribution)`,
    alpha,
  );
}
