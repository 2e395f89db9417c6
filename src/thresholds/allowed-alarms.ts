/**
 * A rate with room for the rounding of whoever computed it: 1 - 0.9 is 0.09999999999999998, and must allow what 0.1
 * does. All that compares with a false-alarm rate compares with this, so that thresholds and p-values never disagree.
 *
 * A rate is seldom typed, it comes out as `1 - 0.95`, `k / (n + 1)` or `percent / 100`; what a subtraction from 1 loses
 * does not shrink with the rate, so the room is 2^-50, eight roundings of a number below 1. It is never more than a
 * millionth of the rate, which only counts below 1e-9. Two rates that differ in their first twelve digits stay two.
 */
export const roundedUp = (rate: number): number => rate + Math.min(2 ** -50, rate * 2 ** -20);

/**
 * The largest whole m with m / (count + 1) <= alpha, but for rounding ({@link roundedUp}): an alarm is a p-value of at
 * most alpha, and p-values are such quotients.
 *
 * @returns from 0 (too few calibration scores for any alarm) to `count`
 */
export function allowedAlarms(count: number, alpha: number): number {
  const most = roundedUp(alpha);
  let allowed = Math.floor((count + 1) * most);
  while (allowed / (count + 1) > most) allowed--;
  while ((allowed + 1) / (count + 1) <= most) allowed++;
  return Math.min(allowed, count);
}

/** The smallest count that allows so many alarms; for an alpha below 1e-12 nearly so, as counting there ends. */
export function countAllowing(alarms: number, alpha: number): number {
  let count = Math.max(1, Math.ceil(alarms / roundedUp(alpha)) - 2);
  while (count < 1e12 && allowedAlarms(count, alpha) < alarms) count++;
  return count;
}

/** How many alarms a calibration allows, and how often its own rate will be above the one asked for nevertheless. */
export interface ConfidentAlarms {
  /** The largest j for which the rate above the j-th largest score is at most alpha with that confidence; 0: none. */
  allowed: number;
  /** P(rate > alpha) over calibration draws, exact for scores without ties; 0 where nothing raises an alarm. */
  exceedance: number;
}

/** Sums that grow past it are counted in it: the first terms of many trials are below the smallest float. */
const FACTOR = 2 ** 512;

/**
 * The rate above the j-th largest of n exchangeable scores is Beta(j, n + 1 - j) over calibration draws, and
 * P(Beta(j, n + 1 - j) > alpha) = P(Binomial(n, alpha) < j): all terms are positive, and their sum is exact
 * to 1e-9 for a million.
 */
export function confidentAlarms(count: number, alpha: number, confidence: number): ConfidentAlarms {
  const most = roundedUp(1 - confidence) * (1 + 1e-12); // as exact as the sum
  const odds = alpha / (1 - alpha);
  const start = count * Math.log1p(-alpha);
  let [term, sum, factors] = [1, 0, 0]; // in units of exp(start) FACTOR^factors
  let found = { allowed: 0, exceedance: 0 };
  for (let j = 1; j <= count; j++) {
    sum += term;
    const exceedance = sum * Math.exp(start + factors * Math.log(FACTOR));
    if (exceedance > most) break;
    found = { allowed: j, exceedance };
    term *= ((count + 1 - j) / j) * odds;
    if (sum < FACTOR && term < FACTOR) continue;
    term /= FACTOR;
    sum /= FACTOR;
    factors++;
  }
  return found;
}

/** The smallest alpha that so many scores allow, with that confidence: P(Beta(1, n) > alpha) = (1 - alpha)^n. */
export const confidentAlpha = (count: number, confidence: number): number =>
  -Math.expm1(Math.log1p(-confidence) / count);

/** The smallest count that allows an alarm with that confidence. */
export function confidentCount(alpha: number, confidence: number): number {
  const count = Math.ceil(Math.log1p(-confidence) / Math.log1p(-alpha));
  // A rounding can put it one beside
  for (const less of [2, 1])
    if (count > less && confidentAlarms(count - less, alpha, confidence).allowed) return count - less;
  return confidentAlarms(count, alpha, confidence).allowed ? count : count + 1;
}
