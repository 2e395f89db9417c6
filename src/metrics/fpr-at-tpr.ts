import { ArgumentError } from '../errors';
import { checkRate, type Scores } from '../scores';
import { cumulativeCounts, type RankedScores } from './cumulative-counts';
import { operatingPoints, type PositiveOption } from './operating-points';

/** Options of {@link fprAtTpr}. */
export interface FprAtTprOptions extends PositiveOption {
  /** Rate in (0, 1) at which the positives are found; default 0.95. */
  tpr?: number;
  /**
   * Which threshold: `'at-or-above'`, the strictest one that finds at least that rate (default), or `'nearest'`, the one
   * whose rate is nearest, the stricter of two that are equally near.
   */
  rule?: 'at-or-above' | 'nearest';
}

/** {@link fprAtTpr} of scores that are ranked already. */
export function fprAtTprOf(ranked: RankedScores, options: FprAtTprOptions = {}): number {
  const where = 'fprAtTpr';
  const { tpr = 0.95, positive = 'in', rule = 'at-or-above' } = options;
  checkRate(where, 'tpr', tpr);
  if (rule !== 'at-or-above' && rule !== 'nearest') {
    throw new ArgumentError({ where, what: 'rule', expected: "'at-or-above' or 'nearest'", received: String(rule) });
  }
  const { positives, negatives, truePositives, falsePositives } = operatingPoints(where, ranked, positive);
  let [fpr, distance] = [0, rule === 'nearest' ? tpr : Infinity]; // finding nothing is a point too
  for (let k = 0; k < truePositives.length; k++) {
    const found = truePositives[k]! / positives;
    const alarms = falsePositives[k]! / negatives;
    if (rule === 'at-or-above' && found >= tpr) return alarms;
    if (rule === 'nearest' && Math.abs(found - tpr) < distance) [fpr, distance] = [alarms, Math.abs(found - tpr)];
  }
  return fpr;
}

/**
 * False positive rate at a true positive rate ("FPR95").
 *
 * By default in-distribution is the positive class, as in ODIN's and Masana's papers: the share of OoD scores that pass
 * where 95 % of the in-distribution ones do. With `positive: 'out'`, as in OpenOOD: the share of in-distribution scores that
 * raise an alarm where 95 % of the OoD ones do. The two differ: say which one you quote.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side, a rate outside (0, 1) or an unknown rule or side; NotFiniteError naming the first
 *   NaN or infinite score
 * @example
 * fprAtTpr([0.1, 0.2, 0.3, 0.4, 0.4, 0.55], [0.35, 0.4, 0.6, 0.7]); // 0.5
 */
export function fprAtTpr(inScores: Scores, outScores: Scores, options: FprAtTprOptions = {}): number {
  return fprAtTprOf(cumulativeCounts('fprAtTpr', inScores, outScores), options);
}
