import { check, SHARE } from '../core/check';
import { checkScores, type Scores } from '../core/scores';
import { sortScores } from '../core/sort-scores';
import { allowedAlarms, countAllowing } from './allowed-alarms';

/** A cut-point and what it promises: `score > threshold` means out of distribution. */
export interface ConformalThreshold {
  /** Infinity where there are too few calibration scores for this alpha: then nothing is called OoD. */
  threshold: number;
  /** The false-alarm rate that was asked for. */
  alpha: number;
  /** Calibration scores. */
  count: number;
  /** The smallest alpha that so many calibration scores allow: 1 / (count + 1). */
  smallestAlpha: number;
  /** Says so where the threshold is infinite. */
  warning?: string;
}

/** The cut-point in ascending calibration scores; there may be none. */
export function cutSorted(sorted: ArrayLike<number>, alpha: number): number {
  const allowed = allowedAlarms(sorted.length, alpha);
  return allowed === 0 ? Infinity : sorted[sorted.length - allowed]!;
}

/**
 * As {@link conformalThreshold}, of ascending scores, of which there may be none; `of` is what the warning calls them.
 */
export function thresholdOfSorted(
  sorted: ArrayLike<number>,
  alpha: number,
  of = 'calibration scores',
): ConformalThreshold {
  const count = sorted.length;
  const smallestAlpha = 1 / (count + 1);
  const cut = { threshold: cutSorted(sorted, alpha), alpha, count, smallestAlpha };
  if (cut.threshold < Infinity) return cut;
  // Rounded up to three digits: the number that the message names must itself be large enough.
  const scale = 10 ** (2 - Math.floor(Math.log10(smallestAlpha)));
  const enough = Math.ceil(Number((smallestAlpha * scale).toPrecision(12))) / scale;
  const warning =
    `${count} ${of} allow no alpha below 1/${count + 1} (${enough}); at alpha ${alpha} nothing is called out of ` +
    `distribution, which takes ${countAllowing(1, alpha)} scores`;
  return { ...cut, warning };
}

/**
 * Threshold from in-distribution scores alone, whose false-alarm rate on exchangeable new data is at most `alpha`.
 *
 * It is the k-th smallest calibration score, k = ceil((n + 1)(1 - alpha)); no interpolation, which would break the
 * guarantee. A new in-distribution score is above it with probability at most alpha, ties and all, over the draw of the
 * calibration data and the new score together; {@link conformalCoverage} says how far the rate of one draw can be off.
 *
 * Source: Vovk, Gammerman, Shafer, "Algorithmic Learning in a Random World" (2005); Lei et al., JASA 113 (2018),
 * section 2.
 *
 * @param calibration in-distribution scores [N] that fitted nothing, higher = more out of distribution
 * @param alpha false-alarm rate in (0, 1)
 * @throws ArgumentError for no score or an alpha outside (0, 1); NotFiniteError naming the first NaN or infinite score
 * @example
 * conformalThreshold([0.1, 0.2, 0.3, 0.4, 0.4, 0.55], 0.2).threshold; // 0.55
 */
export function conformalThreshold(calibration: Scores, alpha: number): ConformalThreshold {
  checkScores('conformalThreshold', 'calibration', calibration);
  check('conformalThreshold', 'alpha', alpha, SHARE);
  return thresholdOfSorted(sortScores(calibration), alpha);
}
