import { auroc } from './auroc';
import { averagePrecision } from './average-precision';
import type { Scores } from '../core/scores';
import type { RankedScores } from './cumulative-counts';
import { detectionError } from './detection-error';
import { fprAtTpr } from './fpr-at-tpr';
import { rankedFrom } from './ranked-arguments';

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
 * AUROC, both average precisions, FPR at 95 % TPR (in-distribution positive) and detection error, from one sort.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side; NotFiniteError naming the first NaN or infinite score
 * @example
 * oodMetrics([0.1, 0.4], [0.35, 0.8]).auroc; // 0.75
 */
export function oodMetrics(inScores: Scores, outScores: Scores): OodMetrics;
/**
 * The same of scores that are ranked already.
 *
 * @param ranked what `rankScores` gives
 * @example
 * oodMetrics(rankScores([0.1, 0.4], [0.35, 0.8])).auroc; // 0.75
 */
export function oodMetrics(ranked: RankedScores): OodMetrics;
export function oodMetrics(first: Scores | RankedScores, second?: Scores): OodMetrics {
  const ranked = rankedFrom('oodMetrics', first, second);
  return {
    auroc: auroc(ranked),
    auprIn: averagePrecision(ranked, { positive: 'in' }),
    auprOut: averagePrecision(ranked, { positive: 'out' }),
    fprAt95Tpr: fprAtTpr(ranked, { tpr: 0.95, positive: 'in' }),
    detectionError: detectionError(ranked),
    prevalence: ranked.outCount / (ranked.inCount + ranked.outCount),
  };
}
