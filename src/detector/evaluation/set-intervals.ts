import type { Pause } from '../../core/pauses';
import { seededRandom } from '../../core/random';
import { averagePrecision } from '../../metrics/average-precision';
import { cumulativeCounts } from '../../metrics/cumulative-counts';
import { detectionError } from '../../metrics/detection-error';
import { fprAtTpr } from '../../metrics/fpr-at-tpr';
import { accelerationOf, biasCorrectedLevel, leftOutOnce } from '../../metrics/intervals/bca';
import { ascendingQuantile, drawAnew } from '../../metrics/intervals/bootstrap';
import type { RankedMetric } from '../../metrics/intervals/bootstrap-interval';
import { rankedResample, slotsInOrder } from '../../metrics/intervals/ranked-resample';
import type { StrangeEvaluation } from './detector-evaluation';

type Intervals = StrangeEvaluation['intervals'];

const SEED = 1;
const RESAMPLES = 1000;

const METRICS: Record<keyof Intervals, RankedMetric> = {
  auprIn: (ranked) => averagePrecision(ranked, { positive: 'in' }),
  auprOut: (ranked) => averagePrecision(ranked, { positive: 'out' }),
  fprAt95TprInPositive: (ranked) => fprAtTpr(ranked, { positive: 'in' }),
  fprAt95TprOutPositive: (ranked) => fprAtTpr(ranked, { positive: 'out' }),
  detectionError,
};

/**
 * Bootstrap intervals of the metrics that `evaluate` gives without, each that of `bootstrapInterval` with seed 1; none
 * where all resamples agree, which says nothing of the next samples.
 *
 * All metrics share the draws, and a page has its turn between them, which `bootstrapInterval` cannot give.
 */
export async function setIntervals(
  inScores: readonly number[],
  outScores: readonly number[],
  confidence: number,
  pause: Pause,
): Promise<Intervals> {
  const counts = cumulativeCounts('evaluate', inScores, outScores);
  const rank = rankedResample(counts.thresholds, slotsInOrder(counts.inAtOrBelow), slotsInOrder(counts.outAtOrBelow));
  const weights = [inScores, outScores].map(({ length }) => new Int32Array(length).fill(1));
  const whole = rank(weights[0]!, weights[1]!);
  // With fewer, not one resample lies beyond either end.
  const resamples = Math.max(RESAMPLES, Math.ceil(2 / (1 - confidence)));
  const metrics = (Object.entries(METRICS) as [keyof Intervals, RankedMetric][]).map(([name, metric]) => ({
    name,
    metric,
    value: metric(whole),
    without: weights.map((): number[] => []),
    values: new Float64Array(resamples),
  }));
  for (const at of leftOutOnce(weights)) {
    await pause();
    const ranked = rank(weights[0]!, weights[1]!);
    for (const { metric, without } of metrics) without[at]!.push(metric(ranked));
  }

  const random = seededRandom(SEED);
  for (let r = 0; r < resamples; r++) {
    await pause();
    for (const each of weights) drawAnew(random, each);
    const ranked = rank(weights[0]!, weights[1]!);
    for (const { metric, values } of metrics) values[r] = metric(ranked);
  }
  const intervals: Intervals = {};
  for (const { name, value, without, values } of metrics) {
    values.sort();
    if (values[0] === values[resamples - 1]) continue;
    const skew = accelerationOf(weights, without);
    const end = (level: number) => ascendingQuantile(values, biasCorrectedLevel(values, value, skew, level));
    intervals[name] = { lower: end((1 - confidence) / 2), upper: end((1 + confidence) / 2) };
  }
  return intervals;
}
