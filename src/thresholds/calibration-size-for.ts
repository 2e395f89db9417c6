import { check, SHARE } from '../core/check';
import { ArgumentError } from '../core/errors';
import { countAllowing } from './allowed-alarms';
import { rateInterval } from './conformal-coverage';

const MOST = 1e8;

/**
 * How many calibration scores it takes for the false-alarm rate of one calibration draw to be near `alpha`: from this
 * number on every {@link conformalCoverage} lies in [alpha - within, alpha + within].
 *
 * @param alpha false-alarm rate asked for, in (0, 1)
 * @param within how far the realized rate may be from it, in (0, 1)
 * @param confidence share of calibration draws for which it holds, in (0, 1), 0.95 by default
 * @throws ArgumentError for a number outside (0, 1), or where it takes more than 1e8 scores
 * @example
 * calibrationSizeFor(0.05, 0.02); // 522
 */
export function calibrationSizeFor(alpha: number, within: number, confidence = 0.95): number {
  const where = 'calibrationSizeFor';
  check(where, 'alpha', alpha, SHARE);
  check(where, 'within', within, SHARE);
  check(where, 'confidence', confidence, SHARE);

  // Among the sizes that allow k alarms both ends of the interval fall while n grows: the first has the highest upper
  // end, the last the lowest lower end.
  const upperFits = (k: number, count: number) => rateInterval(k, count, confidence)[1] <= alpha + within;
  const lowerFits = (k: number) => rateInterval(k, countAllowing(k + 1, alpha) - 1, confidence)[0] >= alpha - within;
  const fits = (k: number) => upperFits(k, countAllowing(k, alpha)) && lowerFits(k);

  let [failing, fitting] = [0, 1];
  for (; ; [failing, fitting] = [fitting, fitting * 2]) {
    if (fitting / alpha > MOST) {
      const expected = `such that ${MOST} calibration scores do`;
      throw new ArgumentError(where, 'alpha, within', expected, `${alpha}, ${within}`);
    }
    if (fits(fitting)) break;
  }
  while (fitting - failing > 1) {
    const middle = Math.floor((failing + fitting) / 2);
    if (fits(middle)) fitting = middle;
    else failing = middle;
  }
  // Where 1/alpha is not whole, fitting comes and goes near the border: the mean rate wavers by up to alpha^2 / k,
  // while the interval's half width falls by within / 2k from one k to the next. Look ahead twice as far as that can
  // matter.
  const ahead = 10 + Math.ceil((4 * alpha * alpha) / within);
  for (let k = failing + ahead; k > failing; k--) {
    if (!fits(k)) failing = k;
  }
  if (failing === 0) return countAllowing(1, alpha);
  const next = countAllowing(failing + 1, alpha);
  if (!lowerFits(failing)) return next;
  let [low, high] = [countAllowing(failing, alpha), next];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (upperFits(failing, middle)) high = middle;
    else low = middle;
  }
  return high;
}
