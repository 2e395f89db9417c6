import { check, FUNCTION } from '../../core/check';
import { bootstrap, type BootstrapInterval, type BootstrapOptions } from './bootstrap';
import type { RankedMetric } from './bootstrap-interval';
import { cumulativeCounts } from '../cumulative-counts';
import { rankedResample, slotsOf } from './ranked-resample';
import { checkSameSamples, type DetectorScores } from './detector-scores';

/**
 * Bootstrap confidence interval of the difference of two detectors, metric of the first less metric of the second, on
 * the same samples.
 *
 * Row i of both is the same sample and is drawn for both, so what makes a sample hard for both cancels: the interval is
 * narrower than two of `bootstrapInterval` let one think. If 0 is outside, the difference is more than chance at that
 * confidence; not so where there is a `warning`: no resample differs, as of a perfect and a constant detector, and the
 * interval has no width (`compareAurocs` bounds AUROCs then).
 *
 * Source: Efron, Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8 and 13.
 *
 * @param first scores of a detector: `inScores` [N], `outScores` [M]
 * @param second scores of another one for the same samples in the same order
 * @param metric a metric of ranked scores, as `auroc`
 * @throws ShapeError where the two have not as many samples; ArgumentError for an empty side or an option out of range;
 *   NotFiniteError for a NaN or infinite score or metric
 * @example
 * const [inScores, outScores] = [[0.1, 0.2, 0.4], [0.35, 0.8]];
 * const other = { inScores, outScores: [0.15, 0.3] };
 * bootstrapDifference({ inScores, outScores }, other, auroc, { seed: 1 }).value; // 0.3333
 */
export function bootstrapDifference(
  first: DetectorScores,
  second: DetectorScores,
  metric: RankedMetric,
  options: BootstrapOptions,
): BootstrapInterval {
  const where = 'bootstrapDifference';
  check(where, 'metric', metric, FUNCTION);
  checkSameSamples(where, first, second);
  const [resampleFirst, resampleSecond] = [first, second].map(({ inScores, outScores }) => {
    const ranked = cumulativeCounts(where, inScores, outScores);
    return rankedResample(ranked.thresholds, slotsOf(ranked, inScores), slotsOf(ranked, outScores));
  });
  return bootstrap(
    where,
    [first.inScores.length, first.outScores.length],
    ([ins, outs]) => metric(resampleFirst!(ins!, outs!)) - metric(resampleSecond!(ins!, outs!)),
    options,
  );
}
