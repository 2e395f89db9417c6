import { ArgumentError, NotFiniteError } from '../errors';
import { sortScores } from './sort-scores';

/** Scores of any detector: higher = more out of distribution. */
export type Scores = ArrayLike<number>;

/**
 * The one core from which every metric follows: the distinct scores and how many of each side lie at or below them. Ties
 * are one step, so that no metric depends on the order of equal scores.
 */
export interface CumulativeCounts {
  inCount: number;
  outCount: number;
  /** Distinct scores [K], ascending. */
  thresholds: Float64Array;
  /** In-distribution scores <= thresholds[k]. */
  inAtOrBelow: Float64Array;
  /** OoD scores <= thresholds[k]. */
  outAtOrBelow: Float64Array;
}

function checkScores(where: string, what: string, scores: Scores): void {
  if (scores.length === 0) {
    throw new ArgumentError({ where, what, expected: 'at least one score', received: 'none' });
  }
  for (let i = 0; i < scores.length; i++) {
    if (Number.isFinite(scores[i])) continue;
    throw new NotFiniteError({ where, what, expected: 'finite scores', received: `${scores[i]} at index ${i}` });
  }
}

/** Sorts both sides once and counts. O(N log N), O(N) for float32. */
export function cumulativeCounts(where: string, inScores: Scores, outScores: Scores): CumulativeCounts {
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

/** The same detector with the sides exchanged and the scores negated: what is asked of `out` is then asked of `in`. */
export function mirrored(counts: CumulativeCounts): CumulativeCounts {
  const { inCount, outCount, thresholds } = counts;
  const last = thresholds.length - 1;
  // At or below -t are those at or above t: all but those below it.
  const above = (atOrBelow: Float64Array, total: number) =>
    Float64Array.from(atOrBelow, (_, k) => total - (k === last ? 0 : atOrBelow[last - k - 1]!));
  return {
    inCount: outCount,
    outCount: inCount,
    thresholds: Float64Array.from(thresholds, (_, k) => -thresholds[last - k]!),
    inAtOrBelow: above(counts.outAtOrBelow, outCount),
    outAtOrBelow: above(counts.inAtOrBelow, inCount),
  };
}
