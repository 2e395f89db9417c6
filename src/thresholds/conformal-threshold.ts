import { check, SHARE } from '../core/check';
import { readOptions } from '../core/read-options';
import { checkScores, type Scores } from '../core/scores';
import { sortScores } from '../core/sort-scores';
import { allowedAlarms, confidentAlarms, confidentAlpha, confidentCount, countAllowing } from './allowed-alarms';

/** A cut-point and what it promises: `score > threshold` means out of distribution. */
export interface ConformalThreshold {
  /** Infinity where there are too few calibration scores for this alpha: then nothing is called OoD. */
  threshold: number;
  /** The false-alarm rate that was asked for. */
  alpha: number;
  /** Calibration scores. */
  count: number;
  /**
   * The smallest alpha that so many calibration scores allow: 1 / (count + 1), with a confidence 1 - (1 -
   * confidence)^(1 / count).
   */
  smallestAlpha: number;
  /** Where one was asked for: share of calibration draws whose own rate is at most alpha. */
  confidence?: number;
  /** With a confidence: share of calibration draws whose rate is above alpha, exact without ties, which lower it. */
  exceedance?: number;
  /** Says so where the threshold is infinite. */
  warning?: string;
}

/** Of so many calibration scores, how many of the largest are on the cut-point or beyond; 0: there is none. */
export const alarmsOf = (
  count: number,
  alpha: number,
  confidence?: number,
): { allowed: number; exceedance?: number } =>
  confidence === undefined ? { allowed: allowedAlarms(count, alpha) } : confidentAlarms(count, alpha, confidence);

/** The cut-point in ascending calibration scores; there may be none. */
export function cutSorted(sorted: ArrayLike<number>, alpha: number, confidence?: number): number {
  const { allowed } = alarmsOf(sorted.length, alpha, confidence);
  return allowed === 0 ? Infinity : sorted[sorted.length - allowed]!;
}

/**
 * As {@link conformalThreshold}, of ascending scores, of which there may be none; what the warning says of them.
 */
export function thresholdOfSorted(
  sorted: ArrayLike<number>,
  alpha: number,
  confidence?: number,
  of = 'calibration scores',
  never = 'nothing is called out of distribution',
): ConformalThreshold {
  const count = sorted.length;
  const isSure = confidence !== undefined;
  const smallestAlpha = isSure ? confidentAlpha(count, confidence) : 1 / (count + 1);
  const { allowed, ...rest } = alarmsOf(count, alpha, confidence);
  const threshold = allowed === 0 ? Infinity : sorted[count - allowed]!;
  const cut = { threshold, alpha, count, smallestAlpha, ...(isSure && { confidence }), ...rest };
  if (cut.threshold < Infinity) return cut;
  // Rounded up to three digits: the number that the message names must itself be large enough.
  const scale = 10 ** (2 - Math.floor(Math.log10(smallestAlpha)));
  const enough = Math.ceil(Number((smallestAlpha * scale).toPrecision(12))) / scale;
  const least = isSure ? `${enough} with confidence ${confidence}` : `1/${count + 1} (${enough})`;
  const needed = isSure ? confidentCount(alpha, confidence) : countAllowing(1, alpha);
  const warning =
    `${count} ${of} allow no alpha below ${least}; at alpha ${alpha} ${never}, ` + `which takes ${needed} scores`;
  return { ...cut, warning };
}

/**
 * Threshold from in-distribution scores alone, whose false-alarm rate on exchangeable new data is at most `alpha`.
 *
 * It is the k-th smallest calibration score, k = ceil((n + 1)(1 - alpha)); no interpolation, which would break the
 * guarantee. A new in-distribution score is above it with probability at most alpha, ties and all, over the draw of the
 * calibration data and the new score together; {@link conformalCoverage} says how far the rate of one draw can be off.
 *
 * With a `confidence` it is for the calibration at hand: the j-th largest score, j the largest for which its rate,
 * Beta(j, n + 1 - j) over calibration draws, is at most alpha in a share `confidence` of draws. From a confidence of
 * about 1/2 on that is the higher threshold.
 *
 * Source: Vovk, Gammerman, Shafer, "Algorithmic Learning in a Random World" (2005); Lei et al., JASA 113 (2018),
 * section 2; with confidence Vovk, "Conditional validity of inductive conformal predictors" (2012), proposition 2a.
 *
 * @param calibration in-distribution scores [N] that fitted nothing, higher = more out of distribution
 * @param alpha false-alarm rate in (0, 1)
 * @param options `confidence` in (0, 1); without one the rate holds on average over calibration draws
 * @throws ArgumentError for no score or an alpha outside (0, 1); NotFiniteError naming the first NaN or infinite score
 * @example
 * conformalThreshold([0.1, 0.2, 0.3, 0.4, 0.4, 0.55], 0.2).threshold; // 0.55
 * const scores = Array.from({ length: 1000 }, (_, i) => i);
 * const { threshold, exceedance } = conformalThreshold(scores, 0.05, { confidence: 0.95 });
 * [threshold, exceedance]; // [961, 0.0433]: the 39th largest, where the 50th would do on average
 */
export function conformalThreshold(
  calibration: Scores,
  alpha: number,
  options?: { confidence?: number | undefined },
): ConformalThreshold {
  const where = 'conformalThreshold';
  checkScores(where, 'calibration', calibration);
  check(where, 'alpha', alpha, SHARE);
  const { confidence } = readOptions(where, options, { confidence: [SHARE] });
  return thresholdOfSorted(sortScores(calibration), alpha, confidence);
}
