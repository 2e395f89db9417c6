import type { Scores } from '../../core/scores';
import type { RankedScores } from '../cumulative-counts';
import { operatingPoints } from '../operating-points';
import { isRocCorner } from '../curves/roc-corners';
import { rankedFrom } from '../ranked-arguments';

/**
 * FPR at 95 % TPR as OpenOOD 1.5 computes it: OoD is the positive class, the first point of scikit-learn's ROC curve
 * with a TPR of 0.95 or more.
 *
 * `fprAtTpr` with `positive: 'out'`, except that scikit-learn leaves out points in the middle of two equal steps: with
 * tied scores the first point that it shows may be a later, worse one. (OpenOOD 1.0 took in-distribution as positive.)
 *
 * Source: Zhang et al., OpenOOD v1.5, 2023 (arXiv 2306.09301), released code, `auc_and_fpr_recall`.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side; NotFiniteError naming the first NaN or infinite score
 * @example
 * const scores = Array.from({ length: 40 }, (_, i) => i);
 * fprAtTprOpenOOD(scores, scores); // 1, where fprAtTpr with positive out gives 0.95
 */
export function fprAtTprOpenOOD(inScores: Scores, outScores: Scores): number;
/**
 * The same of scores that are ranked already.
 *
 * @param ranked what `rankScores` gives
 * @example
 * const scores = Array.from({ length: 40 }, (_, i) => i);
 * fprAtTprOpenOOD(rankScores(scores, scores)); // 1
 */
export function fprAtTprOpenOOD(ranked: RankedScores): number;
export function fprAtTprOpenOOD(first: Scores | RankedScores, second?: Scores): number {
  const ranked = rankedFrom('fprAtTprOpenOOD', first, second);
  const points = operatingPoints(ranked, 'out');
  let k = 0;
  while (points.truePositives[k]! / points.positives < 0.95 || !isRocCorner(points, k)) k++;
  return points.falsePositives[k]! / points.negatives;
}
