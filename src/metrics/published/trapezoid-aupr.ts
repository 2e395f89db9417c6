import type { Scores } from '../../core/scores';
import type { RankedScores } from '../cumulative-counts';
import { operatingPoints, POSITIVE_OUT, type PositiveOption } from '../operating-points';
import { rankedWithOptions, type MetricArguments } from '../ranked-arguments';

/**
 * Area under the precision-recall curve by the trapezoid rule, from (recall 0, precision 1), as OpenOOD and many OoD
 * papers compute it.
 *
 * Straight lines between the points are not achievable and flatter a poor detector: a constant score at 1 % OoD gets
 * 0.505, where {@link averagePrecision} says 0.01 (Davis, Goadrich, ICML 2006). For comparison with those papers only.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @param options `positive`: `'out'` (default) or `'in'`
 * @throws ArgumentError for an empty side; NotFiniteError naming the first NaN or infinite score
 * @example
 * trapezoidAupr([0.5, 0.5, 0.5], [0.5]); // 0.625, where averagePrecision gives 0.25
 */
export function trapezoidAupr(inScores: Scores, outScores: Scores, options?: PositiveOption): number;
/**
 * The same of scores that are ranked already.
 *
 * @param ranked what `rankScores` gives
 * @example
 * trapezoidAupr(rankScores([0.5, 0.5, 0.5], [0.5])); // 0.625
 */
export function trapezoidAupr(ranked: RankedScores, options?: PositiveOption): number;
export function trapezoidAupr(...given: MetricArguments<PositiveOption>): number {
  const { ranked, options } = rankedWithOptions('trapezoidAupr', given, POSITIVE_OUT);
  const { positives, truePositives, falsePositives } = operatingPoints(ranked, options.positive);
  let [sum, precisionBefore, before] = [0, 1, 0];
  for (let k = 0; k < truePositives.length; k++) {
    const found = truePositives[k]!;
    const precision = found / (found + falsePositives[k]!);
    sum += ((found - before) * (precision + precisionBefore)) / 2;
    [precisionBefore, before] = [precision, found];
  }
  return sum / positives;
}
