import { check, oneOf } from '../core/check';
import { ArgumentError } from '../core/errors';
import type { Scores } from '../core/scores';
import type { RankedScores } from './cumulative-counts';
import { rankedWithOptions, type MetricArguments } from './ranked-arguments';

/** Options of {@link autc}. */
export interface AutcOptions {
  /**
   * `'min-max'`: the lowest score of both sides becomes 0, the highest 1. `'none'`: the scores lie in [0, 1] already.
   */
  scaling: 'min-max' | 'none';
}

const SCALING = oneOf('min-max', 'none');

/** What {@link autc} returns. */
export interface Autc {
  /** (aufpr + aufnr) / 2, lower = better; 0.5 for a score that says nothing. */
  autc: number;
  /** Area under the false positive rate (in-distribution scores >= t) over the threshold t. */
  aufpr: number;
  /** Area under the false negative rate (OoD scores < t) over the threshold t. */
  aufnr: number;
  scaling: 'min-max' | 'none';
}

/**
 * Area under the threshold curve: how far apart the scores lie, not only in which order; lower is better.
 *
 * The areas under the false positive and the false negative rate over all thresholds from 0 to 1, and their mean: 0 if
 * all in-distribution scores are 0 and all OoD scores 1. Scores must lie in [0, 1], so how they got there decides the
 * number: one far outlier under `'min-max'` moves all others to one end. Quote the scaling. Where all scores are equal,
 * `'min-max'` gives 0.5 for all.
 *
 * Exact: aufpr is the mean in-distribution score, aufnr 1 less the mean OoD score. The authors' code joins the same
 * points by sloping lines and differs by about the gap between two scores.
 *
 * Source: Humblot-Renaux, Escalera, Moeslund, CVPR Workshops 2023, section 4.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side, an unknown scaling, or a score outside [0, 1] with the scaling 'none';
 *   NotFiniteError naming the first NaN or infinite score
 * @example
 * autc([0, 0.2], [0.6, 1], { scaling: 'none' }).autc; // 0.15
 */
export function autc(inScores: Scores, outScores: Scores, options: AutcOptions): Autc;
/**
 * The same of scores that are ranked already.
 *
 * @param ranked what `rankScores` gives
 * @example
 * autc(rankScores([0, 0.2], [0.6, 1]), { scaling: 'none' }).autc; // 0.15
 */
export function autc(ranked: RankedScores, options: AutcOptions): Autc;
export function autc(...given: MetricArguments<AutcOptions>): Autc {
  const where = 'autc';
  const { ranked, options } = rankedWithOptions(where, given, { scaling: [SCALING] });
  const { scaling } = options;
  check(where, 'scaling', scaling, SCALING);
  const { inCount, outCount, thresholds, inAtOrBelow, outAtOrBelow } = ranked;
  const [lowest, highest] = [thresholds[0]!, thresholds.at(-1)!];
  if (scaling === 'none' && (lowest < 0 || highest > 1)) {
    const expected = "scores in [0, 1] (scaling 'min-max' brings them there)";
    throw new ArgumentError(where, 'scores', expected, `${lowest} to ${highest}`);
  }
  if (scaling === 'min-max' && lowest === highest) return { autc: 0.5, aufpr: 0.5, aufnr: 0.5, scaling };
  const half = Number.isFinite(highest - lowest) ? 1 : 0.5; // a range beyond float64
  const [start, range] = scaling === 'none' ? [0, 1] : [lowest * half, highest * half - lowest * half];
  // The area under the share of scores >= t, for t from 0 to 1, is their mean.
  let [inSum, outSum, inBefore, outBefore] = [0, 0, 0, 0];
  for (let k = 0; k < thresholds.length; k++) {
    const scaled = scaling === 'none' ? thresholds[k]! : (thresholds[k]! * half - start) / range;
    inSum += (inAtOrBelow[k]! - inBefore) * scaled;
    outSum += (outAtOrBelow[k]! - outBefore) * (1 - scaled);
    [inBefore, outBefore] = [inAtOrBelow[k]!, outAtOrBelow[k]!];
  }
  const [aufpr, aufnr] = [inSum / inCount, outSum / outCount];
  return { autc: (aufpr + aufnr) / 2, aufpr, aufnr, scaling };
}
