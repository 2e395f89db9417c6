import { auroc } from '../auroc';
import { averagePrecision } from '../average-precision';
import type { RankedScores } from '../cumulative-counts';
import { detectionError } from '../detection-error';
import { fprAtTpr } from '../fpr-at-tpr';
import { operatingPoints } from '../operating-points';
import { rankedCounts } from './rank-sketches';
import type { ScoreSketch } from './score-sketch';

/** A metric of sketches, and where that of the scores themselves lies. */
export interface BoundedMetric {
  /** With the scores of one bucket taken as ties. */
  value: number;
  lower: number;
  upper: number;
}

/** The usual numbers of one OoD set, from sketches; see {@link sketchMetrics}. */
export interface SketchMetrics {
  inCount: number;
  outCount: number;
  /** Share of OoD among all scores. */
  prevalence: number;
  auroc: BoundedMetric;
  /** Half the probability that an in-distribution and an OoD score share a bucket: auroc is no further off. */
  aurocError: number;
  /** Average precision, in-distribution positive. */
  auprIn: BoundedMetric;
  /** Average precision, OoD positive. */
  auprOut: BoundedMetric;
  /** Share of OoD scores that pass where 95 % of the in-distribution ones do. */
  fprAt95TprInPositive: BoundedMetric;
  /** Share of in-distribution scores that raise an alarm where 95 % of the OoD ones do, as in OpenOOD. */
  fprAt95TprOutPositive: BoundedMetric;
  detectionError: BoundedMetric;
}

/** Pairs within a bucket are in the right order all, or none. */
function aurocBounds({ inCount, outCount, inAtOrBelow, outAtOrBelow }: RankedScores) {
  let [right, shared, inBefore, outBefore] = [0, 0, 0, 0];
  for (let k = 0; k < inAtOrBelow.length; k++) {
    const outHere = outAtOrBelow[k]! - outBefore;
    right += outHere * inBefore;
    shared += outHere * (inAtOrBelow[k]! - inBefore);
    [inBefore, outBefore] = [inAtOrBelow[k]!, outAtOrBelow[k]!];
  }
  return {
    lower: right / inCount / outCount,
    upper: (right + shared) / inCount / outCount,
    error: shared / 2 / inCount / outCount,
  };
}

/** sum over j = 1..p of (P + j) / (P + j + N): positives one by one behind P positives and N negatives. */
function onePositiveAtATime(before: number, positives: number, negatives: number): number {
  if (negatives === 0) return positives;
  // A long sum is at least its integral from 0 to p, as the terms rise.
  if (positives > 1000) return positives - negatives * Math.log1p(positives / (before + negatives));
  let sum = 0;
  for (let j = 1; j <= positives; j++) sum += (before + j) / (before + j + negatives);
  return sum;
}

/** Within a bucket all positives may come first, together; or all negatives, then the positives one by one. */
function averagePrecisionBounds(ranked: RankedScores, positive: 'in' | 'out') {
  const { positives, truePositives, falsePositives } = operatingPoints(ranked, positive);
  let [lower, upper, before, alarmsBefore] = [0, 0, 0, 0];
  for (let k = 0; k < truePositives.length; k++) {
    const [found, alarms] = [truePositives[k]!, falsePositives[k]!];
    const here = found - before;
    if (here > 0) {
      lower += onePositiveAtATime(before, here, alarms);
      upper += (here * found) / (found + alarmsBefore);
    }
    [before, alarmsBefore] = [found, alarms];
  }
  return { lower: lower / positives, upper: upper / positives };
}

/** The threshold is a score of the bucket in which the rate is reached: of that bucket none to all are alarms. */
function fprBounds(ranked: RankedScores, positive: 'in' | 'out') {
  const { positives, negatives, truePositives, falsePositives } = operatingPoints(ranked, positive);
  const k = truePositives.findIndex((found) => found / positives >= 0.95);
  return { lower: (falsePositives[k - 1] ?? 0) / negatives, upper: falsePositives[k]! / negatives };
}

/** The best threshold in a bucket can at most part its in-distribution scores from its OoD ones. */
function detectionErrorLower({ inCount, outCount, inAtOrBelow, outAtOrBelow }: RankedScores): number {
  let [least, outBefore] = [0.5, 0];
  for (let k = 0; k < inAtOrBelow.length; k++) {
    least = Math.min(least, (1 - inAtOrBelow[k]! / inCount + outBefore / outCount) / 2);
    outBefore = outAtOrBelow[k]!;
  }
  return least;
}

/**
 * The usual metrics from two sketches, each with bounds within which that of the scores themselves lies, whatever they
 * are.
 *
 * The bounds are no confidence intervals: they say what the buckets can hide, and are certain (up to the rounding of
 * float64 in the two average precisions). For AUROC they are half the probability that a score of each side shares a
 * bucket: 0.5 where all share one, next to nothing where scores spread. Too wide? Take more `bits`, or spread the
 * scores: probabilities near 1 as log(1 - p), for instance.
 *
 * @param inSketch of in-distribution scores
 * @param outSketch of OoD scores, with as many bits
 * @throws ArgumentError for an empty sketch, or two of different bits
 * @example
 * const [inside, outside] = [new ScoreSketch(), new ScoreSketch()];
 * inside.add([0.1, 0.4]);
 * outside.add([0.35, 0.8]);
 * sketchMetrics(inside, outside).auroc; // { value: 0.75, lower: 0.75, upper: 0.75 }
 */
export function sketchMetrics(inSketch: ScoreSketch, outSketch: ScoreSketch): SketchMetrics {
  const ranked = rankedCounts('sketchMetrics', inSketch, outSketch);
  const { inCount, outCount } = ranked;
  const { lower, upper, error } = aurocBounds(ranked);
  const fpr = (positive: 'in' | 'out') => ({
    value: fprAtTpr(ranked, { tpr: 0.95, positive }),
    ...fprBounds(ranked, positive),
  });
  const aupr = (positive: 'in' | 'out') => ({
    value: averagePrecision(ranked, { positive }),
    ...averagePrecisionBounds(ranked, positive),
  });
  const least = detectionError(ranked);
  return {
    inCount,
    outCount,
    prevalence: outCount / (inCount + outCount),
    auroc: { value: auroc(ranked), lower, upper },
    aurocError: error,
    auprIn: aupr('in'),
    auprOut: aupr('out'),
    fprAt95TprInPositive: fpr('in'),
    fprAt95TprOutPositive: fpr('out'),
    // Every edge of a bucket is a threshold of the scores too, so the smallest error over them is reached.
    detectionError: { value: least, lower: detectionErrorLower(ranked), upper: least },
  };
}
