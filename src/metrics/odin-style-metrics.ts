import { aurocOf } from './auroc';
import type { Scores } from '../scores';
import { cumulativeCounts, type RankedScores } from './cumulative-counts';
import { trapezoidAuprOf } from './trapezoid-aupr';

/** The first of the two metric sets of Masana et al.'s released code. */
export interface OdinStyleMetrics {
  /** The rate nearest to 0.95 among the points of the ROC curve, in-distribution positive. */
  tpr: number;
  /** False positive rate there. */
  fpr: number;
  /** (1 - tpr + fpr) / 2 there, not the smallest over all thresholds. */
  detectionError: number;
  auroc: number;
  /** By the trapezoid rule. */
  auprIn: number;
  auprOut: number;
}

/**
 * Corners of the ROC curve, in-distribution positive, without the points that lie evenly on a straight line: that is the curve
 * in which the authors look for the rate nearest to 0.95.
 */
function rocCorners(ranked: RankedScores): { tpr: number; fpr: number }[] {
  const { inCount, outCount, inAtOrBelow, outAtOrBelow } = ranked;
  const last = inAtOrBelow.length - 1;
  const isCorner = (k: number): boolean => {
    if (k === 0 || k === last) return true;
    const bend = (counts: Float64Array) => counts[k + 1]! - 2 * counts[k]! + counts[k - 1]!;
    return bend(inAtOrBelow) !== 0 || bend(outAtOrBelow) !== 0;
  };
  const corners = [{ tpr: 0, fpr: 0 }];
  for (let k = 0; k <= last; k++) {
    if (isCorner(k)) corners.push({ tpr: inAtOrBelow[k]! / inCount, fpr: outAtOrBelow[k]! / outCount });
  }
  return corners;
}

/**
 * The metrics that Masana et al. report after ODIN's code: at the ROC point nearest to 95 % TPR, trapezoid AUPR.
 *
 * For comparison with published numbers; {@link fprAtTpr}, {@link averagePrecision} and {@link detectionError} are the exact
 * ones.
 *
 * Source: Masana et al., BMVC 2018, released code.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side; NotFiniteError naming the first NaN or infinite score
 * @example
 * odinStyleMetrics([0.1, 0.2, 0.3], [0.25, 0.5]).auroc; // 0.8333
 */
export function odinStyleMetrics(inScores: Scores, outScores: Scores): OdinStyleMetrics {
  const ranked = cumulativeCounts('odinStyleMetrics', inScores, outScores);
  const { tpr, fpr } = rocCorners(ranked).reduce((best, corner) =>
    Math.abs(corner.tpr - 0.95) < Math.abs(best.tpr - 0.95) ? corner : best,
  );
  return {
    tpr,
    fpr,
    detectionError: (1 - tpr + fpr) / 2,
    auroc: aurocOf(ranked),
    auprIn: trapezoidAuprOf(ranked, { positive: 'in' }),
    auprOut: trapezoidAuprOf(ranked, { positive: 'out' }),
  };
}
