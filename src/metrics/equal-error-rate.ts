import type { Scores } from '../core/scores';
import type { RankedScores } from './cumulative-counts';
import { operatingPoints } from './operating-points';
import { rankedFrom } from './ranked-arguments';

/** What {@link equalErrorRate} returns. */
export interface EqualErrorRate {
  /** Both error rates where they meet, between 0 and 1; 0.5 is chance. */
  rate: number;
  /**
   * The score of the operating point at which they differ least, the higher of two: `score >= threshold` is called OoD.
   */
  threshold: number;
}

/**
 * Equal error rate: the false positive rate where it is as high as the false negative rate, on the straight lines
 * between the points of the ROC curve.
 *
 * That is where the curve meets the diagonal FPR + TPR = 1; the same rate whichever side is called positive. Other code
 * takes the nearest point, or the mean of both rates there, instead of the line: with few samples those differ. The
 * rate need not be reached by any one threshold; `threshold` is the one that comes nearest.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side; NotFiniteError naming the first NaN or infinite score
 * @example
 * equalErrorRate([0.1, 0.2, 0.3, 0.4, 0.4, 0.55], [0.35, 0.4, 0.6, 0.7]); // { rate: 0.3571, threshold: 0.4 }
 */
export function equalErrorRate(inScores: Scores, outScores: Scores): EqualErrorRate;
/**
 * The same of scores that are ranked already.
 *
 * @param ranked what `rankScores` gives
 * @example
 * equalErrorRate(rankScores([0.1, 0.2, 0.3, 0.4, 0.4, 0.55], [0.35, 0.4, 0.6, 0.7])).rate; // 0.3571
 */
export function equalErrorRate(ranked: RankedScores): EqualErrorRate;
export function equalErrorRate(first: Scores | RankedScores, second?: Scores): EqualErrorRate {
  const ranked = rankedFrom('equalErrorRate', first, second);
  const { inCount, outCount } = ranked;
  const { thresholds, truePositives, falsePositives } = operatingPoints(ranked, 'out');
  // FPR - FNR = FPR + TPR - 1, times N M: whole numbers, so that nothing is lost. It rises from -N M.
  const balance = (k: number) =>
    (k < 0 ? 0 : falsePositives[k]! * outCount + truePositives[k]! * inCount) - inCount * outCount;
  let k = 0;
  while (balance(k) < 0) k++;
  const [before, after] = [balance(k - 1), balance(k)];
  const alarms = k === 0 ? 0 : falsePositives[k - 1]!;
  const rate = (alarms + (falsePositives[k]! - alarms) * (before / (before - after))) / inCount;
  return { rate, threshold: thresholds[k > 0 && -before <= after ? k - 1 : k]! };
}
