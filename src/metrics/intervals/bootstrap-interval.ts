import { check, FUNCTION } from '../../core/check';
import type { Scores } from '../../core/scores';
import { bootstrap, type BootstrapInterval, type BootstrapOptions } from './bootstrap';
import { cumulativeCounts, type RankedScores } from '../cumulative-counts';
import { rankedResample, slotsInOrder } from './ranked-resample';

/**
 * A metric of ranked scores: `auroc`, `averagePrecision`, `(ranked) => fprAtTpr(ranked, { tpr: 0.9 })`, or one's own.
 * In a bootstrap the ranked scores are written over after each call: keep none of their arrays.
 */
export type RankedMetric = (ranked: RankedScores) => number;

/**
 * Bootstrap confidence interval of any metric of two lists of scores.
 *
 * In-distribution and OoD scores are drawn anew apart from each other, as many as there are. Scores are sorted once; a
 * resample is a count for each distinct score: O(resamples * (N + M)) in all. The interval tells what other test
 * samples could have given, not other training runs. Where a detector separates all samples (AUROC 1), or gives all the
 * same score, it has no width, which says nothing of the next one: `warning` tells.
 *
 * Source: Efron, Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 14.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @param metric a metric of ranked scores, as `auroc`
 * @throws ArgumentError for an empty side or an option out of range; NotFiniteError for a NaN or infinite score or
 *   metric
 * @example
 * bootstrapInterval([0.1, 0.2, 0.4], [0.35, 0.8], auroc, { seed: 1 }); // { value: 0.8333, lower: 0.3333, ... }
 */
export function bootstrapInterval(
  inScores: Scores,
  outScores: Scores,
  metric: RankedMetric,
  options: BootstrapOptions,
): BootstrapInterval {
  const where = 'bootstrapInterval';
  check(where, 'metric', metric, FUNCTION);
  const { inCount, outCount, thresholds, inAtOrBelow, outAtOrBelow } = cumulativeCounts(where, inScores, outScores);
  const ranked = rankedResample(thresholds, slotsInOrder(inAtOrBelow), slotsInOrder(outAtOrBelow));
  return bootstrap(where, [inCount, outCount], ([ins, outs]) => metric(ranked(ins!, outs!)), options);
}
