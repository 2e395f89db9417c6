import type { Scores } from '../../core/scores';
import type { RankedScores } from '../cumulative-counts';
import { fprAtTpr } from '../fpr-at-tpr';
import { rankedFrom } from '../ranked-arguments';

const [LEAST, MOST] = [0.9495, 0.9505];

/**
 * FPR at 95 % TPR as ODIN's code computes it: in-distribution is the positive class, the mean over evenly spaced
 * thresholds whose TPR lies in [0.9495, 0.9505].
 *
 * The limit of ever smaller steps (theirs are 100,000): each operating point counts by the gap to the next score.
 * Unlike the other metrics it therefore changes with a monotone change of the scores; give minus the confidence. Where
 * no threshold is in that band, as with fewer than some hundred scores, their code divides by 0; here it is `fprAtTpr`
 * with the rule `'nearest'`.
 *
 * Source: Liang, Li, Srikant, ICLR 2018, section 4.2, and released code (calMetric, tpr95).
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side; NotFiniteError naming the first NaN or infinite score
 * @example
 * fprAtTprOdin([0.1, 0.2, 0.3, 0.4, 0.4, 0.55], [0.35, 0.4, 0.6, 0.7]); // 0.5
 */
export function fprAtTprOdin(inScores: Scores, outScores: Scores): number;
/**
 * The same of scores that are ranked already.
 *
 * @param ranked what `rankScores` gives
 * @example
 * fprAtTprOdin(rankScores([0.1, 0.2, 0.3, 0.4, 0.4, 0.55], [0.35, 0.4, 0.6, 0.7])); // 0.5
 */
export function fprAtTprOdin(ranked: RankedScores): number;
export function fprAtTprOdin(first: Scores | RankedScores, second?: Scores): number {
  const ranked = rankedFrom('fprAtTprOdin', first, second);
  const { inCount, outCount, thresholds, inAtOrBelow, outAtOrBelow } = ranked;
  let [sum, width] = [0, 0];
  for (let k = 0; k < thresholds.length - 1; k++) {
    const tpr = inAtOrBelow[k]! / inCount;
    if (tpr < LEAST || tpr > MOST) continue;
    const step = thresholds[k + 1]! / 2 - thresholds[k]! / 2; // halves: the difference itself may be infinite
    sum += step * (outAtOrBelow[k]! / outCount);
    width += step;
  }
  return width > 0 ? sum / width : fprAtTpr(ranked, { rule: 'nearest' });
}
