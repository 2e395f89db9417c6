import { ArgumentError } from '../core/errors';
import { checkRate } from '../core/scores';
import { betaQuantile } from './beta-quantile';

/** Above it the beta quantiles would take seconds. */
const MOST = 1e9;

/** Throws unless the count is one that the beta quantiles can work with. */
export function checkCount(where: string, what: string, count: number): void {
  if (Number.isInteger(count) && count >= 1 && count <= MOST) return;
  throw new ArgumentError(where, what, `a whole number from 1 to ${MOST}`, count);
}

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
  checkCount(where, 'trials', trials);
  if (!Number.isInteger(successes) || successes < 0 || successes > trials) {
    throw new ArgumentError(where, 'successes', `a whole number from 0 to ${trials}`, successes);
  }
  checkRate(where, 'confidence', confidence);
  const tail = (1 - confidence) / 2;
  const lowerOf = (count: number) => (count === 0 ? 0 : betaQuantile(tail, count, trials - count + 1));
  return [lowerOf(successes), 1 - lowerOf(trials - successes)];
}
