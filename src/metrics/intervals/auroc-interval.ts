import { oneOf, SHARE } from '../../core/check';
import type { Declared } from '../../core/read-options';
import type { Scores } from '../../core/scores';
import type { RankedScores } from '../cumulative-counts';
import { aurocVariance } from './delong';
import { normalQuantile } from './normal-distribution';
import { rankedWithOptions, type MetricArguments } from '../ranked-arguments';
import { unvaryingLimits } from './unvarying';

/** Options of {@link aurocInterval}. */
export interface AurocIntervalOptions {
  /** Share in (0, 1) of such intervals that hold the true AUROC; default 0.95. */
  confidence?: number;
  /**
   * `'delong-logit'` (default): AUROC -+ z standard errors on the scale of log(A / (1 - A)), which stays within 0 and 1
   * by itself. `'delong'`: on the AUROC's own scale, cut off at 0 and 1, as pROC does; of nominal 95 % intervals 92.9 %
   * hold an AUROC of 0.9 with 200 + 50 samples, 85 % one of 0.98 with 50 + 50, where the default holds 94.8 and 94.2 %.
   */
  method?: 'delong-logit' | 'delong';
}

export const INTERVAL_OPTIONS = {
  confidence: [SHARE, 0.95],
  method: [oneOf('delong-logit', 'delong'), 'delong-logit'],
} as const satisfies Declared<AurocIntervalOptions>;

/** AUROC with its uncertainty. */
export interface AurocInterval {
  auroc: number;
  standardError: number;
  lower: number;
  upper: number;
  confidence: number;
}

function logitLimits(ranked: RankedScores, auroc: number, reach: number, confidence: number): [number, number] {
  // Separated or all equal; an AUROC of 0 or 1 has no logit either.
  if (reach === 0) return unvaryingLimits(auroc, Math.min(ranked.inCount, ranked.outCount), confidence);
  const odds = auroc / (1 - auroc);
  const factor = Math.exp(reach / (auroc * (1 - auroc)));
  return [1 / (1 + factor / odds), 1 / (1 + 1 / odds / factor)];
}

/**
 * AUROC with DeLong's standard error and a confidence interval, in O(N) after the sort.
 *
 * One sample on a side says nothing of how others would vary: the standard error is then 0.5, the largest there is, and
 * the interval [0, 1]. Where all samples are separated (AUROC 0 or 1), or all scores equal (0.5), DeLong's standard
 * error is 0 and `'delong'` has no width, which says nothing of the next samples; the default then gives the exact
 * limits of min(N, M) independent pairs that all came out alike, with f = (alpha / 2)^(1 / min(N, M)): [f, 1] of an
 * AUROC of 1, [0, 1 - f] of 0, [f / 2, 1 - f / 2] of equal scores.
 *
 * Source: DeLong, DeLong, Clarke-Pearson, Biometrics 44 (1988); Sun, Xu, IEEE Signal Processing Letters 21 (2014); the
 * logit: Pepe, The Statistical Evaluation of Medical Tests, 2003, section 5.2.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side, a confidence outside (0, 1) or an unknown method; NotFiniteError naming the
 *   first NaN or infinite score
 * @example
 * const { auroc, lower } = aurocInterval([0.1, 0.2, 0.3, 0.4, 0.4, 0.55], [0.35, 0.4, 0.6, 0.7]); // 0.7917, 0.3703
 */
export function aurocInterval(inScores: Scores, outScores: Scores, options?: AurocIntervalOptions): AurocInterval;
/**
 * The same of scores that are ranked already.
 *
 * @param ranked what `rankScores` gives
 * @example
 * aurocInterval(rankScores([0.1, 0.2, 0.3, 0.4, 0.4, 0.55], [0.35, 0.4, 0.6, 0.7])).standardError; // 0.1570
 */
export function aurocInterval(ranked: RankedScores, options?: AurocIntervalOptions): AurocInterval;
export function aurocInterval(...given: MetricArguments<AurocIntervalOptions>): AurocInterval {
  const { ranked, options } = rankedWithOptions('aurocInterval', given, INTERVAL_OPTIONS);
  const { confidence, method } = options;
  const { auroc, variance } = aurocVariance(ranked);
  if (variance === undefined) return { auroc, standardError: 0.5, lower: 0, upper: 1, confidence };
  const standardError = Math.sqrt(variance);
  const reach = normalQuantile((1 + confidence) / 2) * standardError;
  const [lower, upper] =
    method === 'delong'
      ? [Math.max(0, auroc - reach), Math.min(1, auroc + reach)]
      : logitLimits(ranked, auroc, reach, confidence);
  return { auroc, standardError, lower, upper, confidence };
}
