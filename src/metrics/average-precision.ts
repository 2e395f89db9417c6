import type { Scores } from '../core/scores';
import type { RankedScores } from './cumulative-counts';
import { POSITIVE_OUT, type PositiveOption } from './operating-points';
import { rankedWithOptions, type MetricArguments } from './ranked-arguments';

/**
 * Average precision: the mean precision over the positives, AUPR-out (or AUPR-in) without interpolation.
 *
 * sum over thresholds of (R_k - R_{k-1}) P_k. A score that says nothing gets the share of positives, whatever it is:
 * quote that share beside the number.
 *
 * Source: scikit-learn's `average_precision_score`, the same numbers. For the variant with straight lines, which
 * flatters, see {@link trapezoidAupr}.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @param options `positive`: `'out'` (default) for AUPR-out, `'in'` for AUPR-in
 * @throws ArgumentError for an empty side; NotFiniteError naming the first NaN or infinite score
 * @example
 * averagePrecision([0.1, 0.4], [0.35, 0.8]); // 0.8333
 */
export function averagePrecision(inScores: Scores, outScores: Scores, options?: PositiveOption): number;
/**
 * The same of scores that are ranked already.
 *
 * @param ranked what `rankScores` gives
 * @example
 * averagePrecision(rankScores([0.1, 0.4], [0.35, 0.8])); // 0.8333
 */
export function averagePrecision(ranked: RankedScores, options?: PositiveOption): number;
export function averagePrecision(...given: MetricArguments<PositiveOption>): number {
  const { ranked, options } = rankedWithOptions('averagePrecision', given, POSITIVE_OUT);
  const { inCount, outCount, inAtOrBelow, outAtOrBelow } = ranked;
  let [sum, before] = [0, 0];
  if (options.positive === 'in') {
    for (let k = 0; k < inAtOrBelow.length; k++) {
      const found = inAtOrBelow[k]!;
      sum += ((found - before) * found) / (found + outAtOrBelow[k]!);
      before = found;
    }
    return sum / inCount;
  }
  for (let k = inAtOrBelow.length - 1; k >= 0; k--) {
    const found = k === 0 ? outCount : outCount - outAtOrBelow[k - 1]!; // at or above, without a copy
    const alarms = k === 0 ? inCount : inCount - inAtOrBelow[k - 1]!;
    sum += ((found - before) * found) / (found + alarms);
    before = found;
  }
  return sum / outCount;
}
