import { oneOf, SHARE } from '../core/check';
import type { Declared } from '../core/read-options';
import type { Scores } from '../core/scores';
import type { RankedScores } from './cumulative-counts';
import { operatingPoints, SIDE, type PositiveOption } from './operating-points';
import { rankedWithOptions, type MetricArguments } from './ranked-arguments';

/** Options of {@link fprAtTpr}. */
export interface FprAtTprOptions extends PositiveOption {
  /** `'in'` (default, as in ODIN's and Masana's papers) or `'out'` (as in OpenOOD). */
  positive?: 'out' | 'in';
  /** Rate in (0, 1) at which the positives are found; default 0.95. */
  tpr?: number;
  /**
   * Which threshold: `'at-or-above'`, the strictest one that finds at least that rate (default); `'nearest'`, the one
   * whose rate is nearest, the stricter of two that are equally near; `'band-mean'`, the mean over all thresholds whose
   * rate is within `band` of it, or the nearest one where there is none.
   */
  rule?: 'at-or-above' | 'nearest' | 'band-mean';
  /** Half the width of the band of `'band-mean'`, in (0, 1), its ends included; default 0.01. */
  band?: number;
}

const OPTIONS = {
  positive: [SIDE, 'in'],
  tpr: [SHARE, 0.95],
  rule: [oneOf('at-or-above', 'nearest', 'band-mean'), 'at-or-above'],
  band: [SHARE, 0.01],
} as const satisfies Declared<FprAtTprOptions>;

const ROUNDING = 1e-12; // 0.96 - 0.95 is more than 0.01 in float64

/**
 * False positive rate at a true positive rate ("FPR95").
 *
 * By default in-distribution is the positive class, as in ODIN's and Masana's papers: the share of OoD scores that pass
 * where 95 % of the in-distribution ones do. With `positive: 'out'`, as in OpenOOD: the share of in-distribution scores
 * that raise an alarm where 95 % of the OoD ones do. The two differ: say which one you quote. What published code
 * computes to the letter: `fprAtTprOdin`, `fprAtTprOpenOOD`, `odinStyleMetrics`.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side, a rate or band outside (0, 1), or an unknown rule or side; NotFiniteError
 *   naming the first NaN or infinite score
 * @example
 * fprAtTpr([0.1, 0.2, 0.3, 0.4, 0.4, 0.55], [0.35, 0.4, 0.6, 0.7]); // 0.5
 */
export function fprAtTpr(inScores: Scores, outScores: Scores, options?: FprAtTprOptions): number;
/**
 * The same of scores that are ranked already.
 *
 * @param ranked what `rankScores` gives
 * @example
 * fprAtTpr(rankScores([0.1, 0.2, 0.3, 0.4, 0.4, 0.55], [0.35, 0.4, 0.6, 0.7]), { tpr: 0.75 }); // 0.5
 */
export function fprAtTpr(ranked: RankedScores, options?: FprAtTprOptions): number;
export function fprAtTpr(...given: MetricArguments<FprAtTprOptions>): number {
  const { ranked, options } = rankedWithOptions('fprAtTpr', given, OPTIONS);
  const { tpr, positive, rule, band } = options;
  const { positives, negatives, truePositives, falsePositives } = operatingPoints(ranked, positive);
  if (rule === 'at-or-above') {
    let k = 0;
    while (truePositives[k]! / positives < tpr) k++; // the last one finds all
    return falsePositives[k]! / negatives;
  }
  const withinBand = (distance: number) => rule === 'band-mean' && distance <= band + ROUNDING;
  // Finding nothing is a point too.
  let [nearest, least, sum, inBand] = [0, tpr, 0, Number(withinBand(tpr))];
  for (let k = 0; k < truePositives.length; k++) {
    const distance = Math.abs(truePositives[k]! / positives - tpr);
    const alarms = falsePositives[k]! / negatives;
    if (distance < least) [nearest, least] = [alarms, distance];
    if (withinBand(distance)) [sum, inBand] = [sum + alarms, inBand + 1];
  }
  return inBand > 0 ? sum / inBand : nearest;
}
