import { checkScores, type Scores } from '../core/scores';
import { sortScores } from '../core/sort-scores';

/**
 * The one core from which every metric follows: the distinct scores and how many of each side lie at or below them.
 * Ties are one step, so that no metric depends on the order of equal scores. Made by `rankScores`.
 */
export interface RankedScores {
  readonly inCount: number;
  readonly outCount: number;
  /** Distinct scores [K], ascending. */
  readonly thresholds: Float64Array;
  /** In-distribution scores <= thresholds[k], [K]. */
  readonly inAtOrBelow: Float64Array;
  /** OoD scores <= thresholds[k], [K]. */
  readonly outAtOrBelow: Float64Array;
}

/** Sorts both sides once and counts. O(N log N), O(N) for float32. `where` is who complains. */
export function cumulativeCounts(where: string, inScores: Scores, outScores: Scores): RankedScores {
  checkScores(where, 'inScores', inScores);
  checkScores(where, 'outScores', outScores);
  const [a, b] = [sortScores(inScores), sortScores(outScores)];
  const most = a.length + b.length;
  const [thresholds, inAtOrBelow, outAtOrBelow] = [
    new Float64Array(most),
    new Float64Array(most),
    new Float64Array(most),
  ];
  let [i, j, k] = [0, 0, 0];
  while (i < a.length || j < b.length) {
    const score = j === b.length || (i < a.length && a[i]! <= b[j]!) ? a[i]! : b[j]!;
    while (i < a.length && a[i] === score) i++;
    while (j < b.length && b[j] === score) j++;
    thresholds[k] = score;
    inAtOrBelow[k] = i;
    outAtOrBelow[k] = j;
    k++;
  }
  return {
    inCount: a.length,
    outCount: b.length,
    thresholds: thresholds.subarray(0, k),
    inAtOrBelow: inAtOrBelow.subarray(0, k),
    outAtOrBelow: outAtOrBelow.subarray(0, k),
  };
}
