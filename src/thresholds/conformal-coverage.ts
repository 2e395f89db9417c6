import { check, SHARE } from '../core/check';
import { allowedAlarms } from './allowed-alarms';
import { betaQuantile, TRIALS } from './beta-quantile';

/** Equal-tailed interval of the rate at which `allowed` of `count` exchangeable scores are passed. */
export function rateInterval(allowed: number, count: number, confidence: number): [lower: number, upper: number] {
  if (allowed === 0) return [0, 0];
  const tail = (1 - confidence) / 2;
  const rank = count + 1 - allowed;
  return [betaQuantile(tail, allowed, rank), 1 - betaQuantile(tail, rank, allowed)];
}

/**
 * Where the false-alarm rate of a conformal threshold lies once its calibration scores are drawn.
 *
 * The rate is at most `alpha` on average over calibration draws; of one draw of n scores without ties it is
 * Beta(k, n + 1 - k), k = floor(alpha (n + 1)), and its coverage one minus that. Ties only lower it.
 *
 * Source: Vovk, "Conditional validity of inductive conformal predictors" (2012), proposition 2a; Angelopoulos, Bates,
 * "A Gentle Introduction to Conformal Prediction" (2021), section 3.2.
 *
 * @param count calibration scores n, from 1 to 1e9
 * @param alpha false-alarm rate asked for, in (0, 1)
 * @param confidence share of calibration draws whose rate is in the interval, in (0, 1), 0.95 by default
 * @returns false-alarm rates [lower, upper]; [0, 0] where n is too small for alpha, as nothing raises an alarm
 * @throws ArgumentError for a count that is none, an alpha or confidence outside (0, 1)
 * @example
 * conformalCoverage(1000, 0.05); // [0.0373, 0.0643]: 5 % was asked for, this calibration may realize 6.4 %
 */
export function conformalCoverage(count: number, alpha: number, confidence = 0.95): [lower: number, upper: number] {
  const where = 'conformalCoverage';
  check(where, 'count', count, TRIALS);
  check(where, 'alpha', alpha, SHARE);
  check(where, 'confidence', confidence, SHARE);
  return rateInterval(allowedAlarms(count, alpha), count, confidence);
}
