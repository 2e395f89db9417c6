import { auroc } from '../auroc';
import type { Scores } from '../../core/scores';
import { cumulativeCounts } from '../cumulative-counts';
import { operatingPoints } from '../operating-points';
import { isRocCorner } from '../curves/roc-corners';
import { trapezoidAupr } from './trapezoid-aupr';

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
 * The metrics that Masana et al. report after ODIN's code: at the ROC point nearest to 95 % TPR, trapezoid AUPR.
 *
 * For comparison with published numbers; {@link fprAtTpr}, {@link averagePrecision} and {@link detectionError} are the
 * exact ones.
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
  const points = operatingPoints(ranked, 'in');
  let [tpr, fpr] = [0, 0]; // the curve starts there
  for (let k = 0; k < points.truePositives.length; k++) {
    const found = points.truePositives[k]! / points.positives;
    if (Math.abs(found - 0.95) >= Math.abs(tpr - 0.95) || !isRocCorner(points, k)) continue;
    [tpr, fpr] = [found, points.falsePositives[k]! / points.negatives];
  }
  return {
    tpr,
    fpr,
    detectionError: (1 - tpr + fpr) / 2,
    auroc: auroc(ranked),
    auprIn: trapezoidAupr(ranked, { positive: 'in' }),
    auprOut: trapezoidAupr(ranked, { positive: 'out' }),
  };
}
