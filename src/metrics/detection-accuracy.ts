import type { Scores } from '../core/scores';
import type { RankedScores } from './cumulative-counts';
import { detectionError } from './detection-error';
import { rankedFrom } from './ranked-arguments';

/**
 * Detection accuracy: the largest share of right answers over all thresholds when both sides are as likely, 1 -
 * `detectionError`.
 *
 * Between 0.5 and 1.
 *
 * Source: Lee et al., NeurIPS 2018 (Mahalanobis), section 3.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side; NotFiniteError naming the first NaN or infinite score
 * @example
 * detectionAccuracy([0.1, 0.2, 0.3, 0.4, 0.4, 0.55], [0.35, 0.4, 0.6, 0.7]); // 0.75
 */
export function detectionAccuracy(inScores: Scores, outScores: Scores): number;
/**
 * The same of scores that are ranked already.
 *
 * @param ranked what `rankScores` gives
 * @example
 * detectionAccuracy(rankScores([0.1, 0.2, 0.3, 0.4, 0.4, 0.55], [0.35, 0.4, 0.6, 0.7])); // 0.75
 */
export function detectionAccuracy(ranked: RankedScores): number;
export function detectionAccuracy(first: Scores | RankedScores, second?: Scores): number {
  const ranked = rankedFrom('detectionAccuracy', first, second);
  return 1 - detectionError(ranked);
}
