import { ArgumentError } from '../errors';
import { cumulativeCounts, mirrored, type CumulativeCounts, type Scores } from './cumulative-counts';

/** Which side counts as the positive one. */
export interface PositiveOption {
  /** `'out'`: OoD is what is to be found; `'in'`: in-distribution is. */
  positive?: 'out' | 'in';
}

/** The counts as if OoD were asked for. @throws ArgumentError for any other side than in or out */
export function withPositiveOut(where: string, counts: CumulativeCounts, positive: 'out' | 'in'): CumulativeCounts {
  if (positive === 'out') return counts;
  if (positive === 'in') return mirrored(counts);
  throw new ArgumentError({ where, what: 'positive', expected: "'out' or 'in'", received: String(positive) });
}

/** Precision and recall of `score >= t`, from the strictest threshold to the loosest. */
function* precisionRecall({ inCount, outCount, inAtOrBelow, outAtOrBelow }: CumulativeCounts) {
  for (let k = inAtOrBelow.length - 1; k >= 0; k--) {
    const truePositives = outCount - (k === 0 ? 0 : outAtOrBelow[k - 1]!);
    const falsePositives = inCount - (k === 0 ? 0 : inAtOrBelow[k - 1]!);
    yield [truePositives / (truePositives + falsePositives), truePositives / outCount] as const;
  }
}

/** sum of (R_k - R_{k-1}) P_k, OoD positive. */
export function averagePrecisionOf(counts: CumulativeCounts): number {
  const { inCount, outCount, inAtOrBelow, outAtOrBelow } = counts;
  let sum = 0;
  let before = 0;
  for (let k = inAtOrBelow.length - 1; k >= 0; k--) {
    const truePositives = outCount - (k === 0 ? 0 : outAtOrBelow[k - 1]!);
    const falsePositives = inCount - (k === 0 ? 0 : inAtOrBelow[k - 1]!);
    sum += ((truePositives - before) * truePositives) / (truePositives + falsePositives);
    before = truePositives;
  }
  return sum / outCount;
}

/** Area under the precision-recall curve with straight lines between its points, from (recall 0, precision 1). */
export function trapezoidAuprOf(counts: CumulativeCounts): number {
  let [sum, precisionBefore, recallBefore] = [0, 1, 0];
  for (const [precision, recall] of precisionRecall(counts)) {
    sum += ((recall - recallBefore) * (precision + precisionBefore)) / 2;
    [precisionBefore, recallBefore] = [precision, recall];
  }
  return sum;
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
export function averagePrecision(
  inScores: Scores,
  outScores: Scores,
  { positive = 'out' }: PositiveOption = {},
): number {
  const where = 'averagePrecision';
  return averagePrecisionOf(withPositiveOut(where, cumulativeCounts(where, inScores, outScores), positive));
}

/**
 * Area under the precision-recall curve by the trapezoid rule, as ODIN's and many OoD papers compute it.
 *
 * Straight lines between the points are not achievable and flatter a poor detector: a constant score at 1 % OoD gets 0.505,
 * where {@link averagePrecision} says 0.01 (Davis, Goadrich, ICML 2006). For comparison with those papers only.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @param options `positive`: `'out'` (default) or `'in'`
 * @throws ArgumentError for an empty side; NotFiniteError naming the first NaN or infinite score
 * @example
 * trapezoidAupr([0.5, 0.5, 0.5], [0.5]); // 0.625, where averagePrecision gives 0.25
 */
export function trapezoidAupr(inScores: Scores, outScores: Scores, { positive = 'out' }: PositiveOption = {}): number {
  const where = 'trapezoidAupr';
  return trapezoidAuprOf(withPositiveOut(where, cumulativeCounts(where, inScores, outScores), positive));
}
