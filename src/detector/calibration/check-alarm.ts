import { ArgumentError } from '../../core/errors';
import type { Scorer } from '../../scorers/contract/scorer';
import { cutSorted } from '../../thresholds/conformal-threshold';

/**
 * Throws where the threshold at this rate is the largest score there is, so that nothing could ever be called OoD. (An
 * infinite threshold, of too few calibration scores, is another matter.)
 *
 * @param calibration ascending scores
 * @throws ArgumentError saying why, and what to do
 */
export function checkAlarm(
  where: string,
  what: string,
  { kind, largestScore }: Pick<Scorer, 'kind' | 'largestScore'>,
  calibration: Float64Array,
  alpha: number,
): void {
  const threshold = cutSorted(calibration, alpha);
  if (largestScore === undefined || threshold === Infinity || threshold < largestScore) return;
  const count = calibration.length;
  const reached = calibration.filter((score) => score >= largestScore).length;
  const scores =
    reached === count ? `all ${count} calibration scores are` : `${reached} of ${count} calibration scores are`;
  const instead = reached === count ? '' : `at least ${(reached + 1) / (count + 1)}, or with `;
  throw new ArgumentError(
    where,
    what,
    `${instead}another scorer (${scores} ${largestScore}, the largest that '${kind}' can give: ` +
      `at this rate that is the threshold, and nothing, however strange, would be called out of distribution)`,
    alpha,
  );
}
