import { check, SHARE, wholeFrom } from '../core/check';
import { betaQuantile, TRIALS } from './beta-quantile';

/**
 * Clopper-Pearson (exact) confidence interval of a rate seen as `successes` of `trials`.
 *
 * Source: Clopper, Pearson, Biometrika 26 (1934); as quantiles of the beta distribution.
 *
 * @param successes whole number from 0 to `trials`
 * @param trials whole number from 1 to 1e9
 * @param confidence in (0, 1), 0.95 by default
 * @returns [lower, upper], rates in [0, 1]
 * @throws ArgumentError for counts that are no counts or a confidence outside (0, 1)
 * @example
 * clopperPearson(0, 10); // [0, 0.3085]: none of ten can still be three in ten
 */
export function clopperPearson(successes: number, trials: number, confidence = 0.95): [lower: number, upper: number] {
  const where = 'clopperPearson';
  check(where, 'trials', trials, TRIALS);
  check(where, 'successes', successes, wholeFrom(0, trials));
  check(where, 'confidence', confidence, SHARE);
  const tail = (1 - confidence) / 2;
  const lowerOf = (count: number) => (count === 0 ? 0 : betaQuantile(tail, count, trials - count + 1));
  return [lowerOf(successes), 1 - lowerOf(trials - successes)];
}
