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
