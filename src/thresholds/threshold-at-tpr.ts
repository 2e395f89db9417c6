import { SHARE } from '../core/check';
import { readOptions } from '../core/read-options';
import { checkScores, type Scores } from '../core/scores';
import { sortScores } from '../core/sort-scores';
import { clopperPearson } from './clopper-pearson';

/** A cut-point on held-out in-distribution scores and the rate that it will realize. */
export interface TprThreshold {
  /** `score > threshold` means out of distribution. */
  threshold: number;
  /** Share of the held-out scores that are kept, at least the one asked for. */
  tpr: number;
  /** Exact confidence interval of the share of new in-distribution data that will be kept. */
  interval: [lower: number, upper: number];
  confidence: number;
  count: number;
}

/**
 * The smallest threshold that keeps at least `tpr` of held-out in-distribution scores (positive = in-distribution).
 *
 * Unlike {@link conformalThreshold} it promises nothing about new data by itself; the Clopper-Pearson interval says how
 * far the realized rate can be off. It stays valid though the threshold comes from the same scores: the share of data
 * below the k-th smallest of n is Beta(k, n + 1 - k), whose quantiles lie within the interval.
 *
 * @param inScores held-out in-distribution scores [N], higher = more out of distribution
 * @param options `tpr` in (0, 1), 0.95 by default; `confidence` of the interval, 0.95 by default
 * @throws ArgumentError for no score or a rate outside (0, 1); NotFiniteError naming the first NaN or infinite score
 * @example
 * thresholdAtTpr([1, 2, 3, 4], { tpr: 0.75 }).threshold; // 3
 */
export function thresholdAtTpr(inScores: Scores, options?: { tpr?: number; confidence?: number }): TprThreshold {
  const where = 'thresholdAtTpr';
  checkScores(where, 'inScores', inScores);
  const { tpr, confidence } = readOptions(where, options, { tpr: [SHARE, 0.95], confidence: [SHARE, 0.95] });
  const sorted = sortScores(inScores);
  const count = sorted.length;
  let kept = Math.ceil(tpr * count); // a rounding can put it one beside the smallest share that is at least tpr
  if (kept > 1 && (kept - 1) / count >= tpr) kept--;
  if (kept / count < tpr) kept++;
  const threshold = sorted[kept - 1]!;
  while (sorted[kept] === threshold) kept++; // ties are kept too
  return { threshold, tpr: kept / count, interval: clopperPearson(kept, count, confidence), confidence, count };
}
