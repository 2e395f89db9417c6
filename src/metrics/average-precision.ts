import type { Scores } from '../scores';
import { cumulativeCounts, type RankedScores } from './cumulative-counts';
import { operatingPoints, type PositiveOption } from './operating-points';

/** {@link averagePrecision} of scores that are ranked already. */
export function averagePrecisionOf(ranked: RankedScores, { positive = 'out' }: PositiveOption = {}): number {
  const { positives, truePositives, falsePositives } = operatingPoints('averagePrecision', ranked, positive);
  let [sum, before] = [0, 0];
  for (let k = 0; k < truePositives.length; k++) {
    const found = truePositives[k]!;
    sum += ((found - before) * found) / (found + falsePositives[k]!);
    before = found;
  }
  return sum / positives;
}

/**
 * Average precision: the mean precision over the positives, AUPR-out (or AUPR-in) without interpolation.
 *
 * sum over thresholds of (R_k - R_{k-1}) P_k. A score that says nothing gets the share of positives, whatever it is: quote
 * that share beside the number.
 *
 * Source: scikit-learn's `average_precision_score`, the same numbers. For the variant with straight lines, which flatters,
 * see {@link trapezoidAupr}.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @param options `positive`: `'out'` (default) for AUPR-out, `'in'` for AUPR-in
 * @throws ArgumentError for an empty side; NotFiniteError naming the first NaN or infinite score
 * @example
 * averagePrecision([0.1, 0.4], [0.35, 0.8]); // 0.8333
 */
export function averagePrecision(inScores: Scores, outScores: Scores, options: PositiveOption = {}): number {
  return averagePrecisionOf(cumulativeCounts('averagePrecision', inScores, outScores), options);
}
