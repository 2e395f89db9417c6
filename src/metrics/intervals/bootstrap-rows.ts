import { check, COUNT, FUNCTION } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { bootstrap, type BootstrapInterval, type BootstrapOptions } from './bootstrap';

/**
 * Bootstrap confidence interval of any metric of rows: those that need predictions, such as `oscr`, `aurc` and
 * `classAccuracy`.
 *
 * `counts` are the sizes of the groups that are drawn anew apart from each other, `[N]` or `[N, M]`; the metric gets
 * the drawn row numbers of each group, ascending, a row as often as it came. They are written over after each call:
 * keep none.
 *
 * Source: Efron, Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 14.
 *
 * @param counts rows of each group, from 1
 * @param metric takes one array of row numbers for each group
 * @throws ArgumentError for no group, an empty one or an option out of range; NotFiniteError where the metric is not
 *   finite
 * @example
 * const [predicted, labels] = [[0, 1, 1, 2], [0, 1, 2, 2]];
 * const of = (all: ArrayLike<number>, rows: Int32Array) => Array.from(rows, (i) => all[i]!);
 * const accuracy = (rows: Int32Array) => classAccuracy(of(predicted, rows), of(labels, rows));
 * bootstrapRows([4], accuracy, { seed: 1 }); // { value: 0.75, lower: 0.25, upper: 1, ... }
 */
export function bootstrapRows(
  counts: readonly number[],
  metric: (...rows: Int32Array[]) => number,
  options: BootstrapOptions,
): BootstrapInterval {
  const where = 'bootstrapRows';
  check(where, 'metric', metric, FUNCTION);
  const isSizes = Array.isArray(counts) && counts.length > 0 && (counts as readonly number[]).every(COUNT.holds);
  if (!isSizes) throw new ArgumentError(where, 'counts', 'whole numbers from 1', counts);
  const all = (counts as readonly number[]).map((count) => new Int32Array(count));
  const rowsOf = (weights: Int32Array, rows: Int32Array): Int32Array => {
    let end = 0;
    for (let i = 0; i < weights.length; i++) {
      for (let times = weights[i]!; times > 0; times--) rows[end++] = i;
    }
    return rows.subarray(0, end);
  };
  return bootstrap(where, counts, (weights) => metric(...weights.map((each, g) => rowsOf(each, all[g]!))), options);
}
