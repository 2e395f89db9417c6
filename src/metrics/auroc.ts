import type { Scores } from '../core/scores';
import type { RankedScores } from './cumulative-counts';
import { rankedFrom } from './ranked-arguments';

/**
 * Area under the ROC curve: the probability that an OoD score is higher than an in-distribution one, ties counted half.
 *
 * The same number whichever side is called positive. 0.5 is chance, 1 a perfect detector.
 *
 * Source: Hanley, McNeil, Radiology 143 (1982); midranks as in scikit-learn's `roc_auc_score`.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side; NotFiniteError naming the first NaN or infinite score
 * @example
 * auroc([0.1, 0.4], [0.35, 0.8]); // 0.75
 */
export function auroc(inScores: Scores, outScores: Scores): number;
/**
 * The same of scores that are ranked already.
 *
 * @param ranked what `rankScores` gives
 * @example
 * auroc(rankScores([0.1, 0.4], [0.35, 0.8])); // 0.75
 */
export function auroc(ranked: RankedScores): number;
export function auroc(first: Scores | RankedScores, second?: Scores): number {
  const { inCount, outCount, inAtOrBelow, outAtOrBelow } = rankedFrom('auroc', first, second);
  let doubled = 0; // twice the (in, out) pairs in the right order: whole numbers, so nothing is lost
  let [inBefore, outBefore] = [0, 0];
  for (let k = 0; k < inAtOrBelow.length; k++) {
    const outHere = outAtOrBelow[k]! - outBefore;
    doubled += outHere * (inBefore + inAtOrBelow[k]!);
    [inBefore, outBefore] = [inAtOrBelow[k]!, outAtOrBelow[k]!];
  }
  return doubled / 2 / inCount / outCount;
}
