import { aurocOf } from './auroc';
import { averagePrecisionOf } from './average-precision';
import type { Scores } from '../scores';
import { cumulativeCounts, type RankedScores } from './cumulative-counts';
import { detectionErrorOf } from './detection-error';
import { fprAtTprOf } from './fpr-at-tpr';

/** The usual numbers of one OoD set; see {@link oodMetrics}. */
export interface OodMetrics {
  auroc: number;
  /** Average precision, in-distribution positive. */
  auprIn: number;
  /** Average precision, OoD positive. */
  auprOut: number;
  /** Share of OoD scores that pass where 95 % of the in-distribution ones do. */
  fprAt95Tpr: number;
  detectionError: number;
  /** Share of OoD among all scores: what auprOut is for a score that says nothing. */
  prevalence: number;
}

/**
 * {@link oodMetrics} of scores that are ranked already.
 *
 * @param ranked what `rankScores` gives
 * @example
 * oodMetricsOf(rankScores([0.1, 0.4], [0.35, 0.8])).auroc; // 0.75
 */
export function oodMetricsOf(ranked: RankedScores): OodMetrics {
  return {
    auroc: aurocOf(ranked),
    auprIn: averagePrecisionOf(ranked, { positive: 'in' }),
    auprOut: averagePrecisionOf(ranked, { positive: 'out' }),
    fprAt95Tpr: fprAtTprOf(ranked, { tpr: 0.95, positive: 'in' }),
    detectionError: detectionErrorOf(ranked),
    prevalence: ranked.outCount / (ranked.inCount + ranked.outCount),
  };
}

/**
 * AUROC, both average precisions, FPR at 95 % TPR (in-distribution positive) and detection error, from one sort.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side; NotFiniteError naming the first NaN or infinite score
 * @example
 * oodMetrics([0.1, 0.4], [0.35, 0.8]).auroc; // 0.75
 */
export function oodMetrics(inScores: Scores, outScores: Scores): OodMetrics {
  return oodMetricsOf(cumulativeCounts('oodMetrics', inScores, outScores));
}
