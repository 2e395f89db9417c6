/**
 * The largest whole m with m / (count + 1) <= alpha, as floating point divides and compares: an alarm is a p-value of at most
 * alpha, and p-values are such quotients. (count + 1) * alpha alone can land a hair beside a whole number.
 *
 * @returns from 0 (too few calibration scores for any alarm) to `count`
 */
export function allowedAlarms(count: number, alpha: number): number {
  let allowed = Math.floor((count + 1) * alpha);
  while (allowed / (count + 1) > alpha) allowed--;
  while ((allowed + 1) / (count + 1) <= alpha) allowed++;
  return allowed;
}

/** The smallest count that allows so many alarms; for an alpha below 1e-12 nearly so, as counting there ends. */
export function countAllowing(alarms: number, alpha: number): number {
  let count = Math.max(1, Math.ceil(alarms / alpha) - 2);
  while (count < 1e12 && allowedAlarms(count, alpha) < alarms) count++;
  return count;
}
