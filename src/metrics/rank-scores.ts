import type { Scores } from '../core/scores';
import { cumulativeCounts, type RankedScores } from './cumulative-counts';

/**
 * Sorts the scores once, for many metrics: `auroc(rankScores(inScores, outScores))` is `auroc(inScores, outScores)`,
 * and so on.
 *
 * O(N) for two Float32Arrays (radix sort), O(N log N) otherwise; 24 bytes per distinct score.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side; NotFiniteError naming the first NaN or infinite score
 * @example
 * const ranked = rankScores([0.1, 0.4], [0.35, 0.8]);
 * [0.8, 0.9, 0.95].map((tpr) => fprAtTpr(ranked, { tpr })); // [0.5, 0.5, 0.5]
 */
export function rankScores(inScores: Scores, outScores: Scores): RankedScores {
  return cumulativeCounts('rankScores', inScores, outScores);
}
