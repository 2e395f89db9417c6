import type { Scores } from '../core/scores';
import type { RankedScores } from './cumulative-counts';
import { rankedFrom } from './ranked-arguments';

/**
 * Detection error: the smallest error rate over all thresholds when both sides are as likely.
 *
 * min over t of (share of in-distribution scores > t + share of OoD scores <= t) / 2; between 0 and 0.5. One minus it
 * is what some papers call detection accuracy.
 *
 * Source: Liang, Li, Srikant, ICLR 2018 (ODIN), section 4.2, there at 95 % TPR; Lee et al., ICLR 2018, over all
 * thresholds.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side; NotFiniteError naming the first NaN or infinite score
 * @example
 * detectionError([0.1, 0.2, 0.3, 0.4, 0.4, 0.55], [0.35, 0.4, 0.6, 0.7]); // 0.25
 */
export function detectionError(inScores: Scores, outScores: Scores): number;
/**
 * The same of scores that are ranked already.
 *
 * @param ranked what `rankScores` gives
 * @example
 * detectionError(rankScores([0.1, 0.2, 0.3, 0.4, 0.4, 0.55], [0.35, 0.4, 0.6, 0.7])); // 0.25
 */
export function detectionError(ranked: RankedScores): number;
export function detectionError(first: Scores | RankedScores, second?: Scores): number {
  const { inCount, outCount, inAtOrBelow, outAtOrBelow } = rankedFrom('detectionError', first, second);
  let least = 0.5; // calling everything, or nothing, out of distribution
  for (let k = 0; k < inAtOrBelow.length; k++) {
    least = Math.min(least, (1 - inAtOrBelow[k]! / inCount + outAtOrBelow[k]! / outCount) / 2);
  }
  return least;
}
