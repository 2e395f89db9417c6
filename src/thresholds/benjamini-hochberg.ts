import { ANY_SHARE, check, SHARE } from '../core/check';
import { ArgumentError } from '../core/errors';
import { isListed, shownAt } from '../core/shown-value';
import { sortScores } from '../core/sort-scores';
import { roundedUp } from './allowed-alarms';

/**
 * Benjamini-Hochberg: which p-values of a batch can be called out of distribution with a false discovery rate of
 * `rate`.
 *
 * Rejects the k smallest, k the largest i with p_(i) <= i * rate / n. Conformal p-values that share one calibration set
 * are positively dependent, under which the rate holds (Bates et al. 2023, theorem 2).
 *
 * Source: Benjamini, Hochberg, JRSS B 57 (1995).
 *
 * @param values p-values [M] in [0, 1]
 * @param rate expected share of false alarms among the alarms, in (0, 1)
 * @returns for each p-value whether it is rejected [M]
 * @throws ArgumentError for a p-value outside [0, 1] (with its index) or a rate outside (0, 1)
 * @example
 * benjaminiHochberg([0.01, 0.04, 0.5], 0.1); // [true, true, false]
 */
export function benjaminiHochberg(values: ArrayLike<number>, rate: number): boolean[] {
  const where = 'benjaminiHochberg';
  if (!isListed(values)) {
    throw new ArgumentError(where, 'values', 'an array of p-values', values);
  }
  check(where, 'rate', rate, SHARE);
  for (let i = 0; i < values.length; i++) {
    if (ANY_SHARE.holds(values[i]!)) continue;
    throw new ArgumentError(where, 'values', 'p-values in [0, 1]', shownAt(values[i], i));
  }
  const sorted = sortScores(values);
  let rank = sorted.length;
  // Conformal p-values often equal their bound, 3/100 <= 3 * 0.1 / 10: a few roundings must not decide it.
  const bound = roundedUp(rate);
  while (rank > 0 && sorted[rank - 1]! * sorted.length > rank * bound) rank--;
  const largest = rank === 0 ? -1 : sorted[rank - 1]!;
  const rejected: boolean[] = [];
  for (let i = 0; i < values.length; i++) rejected.push(values[i]! <= largest);
  return rejected;
}
