import { check, POSITIVE } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import type { Scores } from '../../core/scores';
import { cumulativeCounts } from '../cumulative-counts';

/** The second metric set of Masana et al.'s released code, taken on a grid of thresholds. */
export interface GridMetrics {
  /** True negative rate, the mean over the thresholds with a TPR in [0.94, 0.96]; 0 where there is none. */
  tnr: number;
  detectionAccuracy: number;
  auroc: number;
  auprIn: number;
  auprOut: number;
}

const STEPS = 200_000;

/** Share of ascending values below (or at) an ascending series of thresholds: a pointer that only moves on. */
function runningShare(values: Float64Array, isBelow: (value: number, threshold: number) => boolean) {
  let below = 0;
  return (threshold: number): number => {
    while (below < values.length && isBelow(values[below]!, threshold)) below++;
    return below / values.length;
  };
}
const under = (value: number, threshold: number) => value < threshold;
const atOrUnder = (value: number, threshold: number) => value <= threshold;

/** sum of (recall before - recall) * precision, precision from rates; the last recall * precision on top. */
function gridAupr() {
  let [sum, recallBefore, last] = [0, 1, 0];
  return {
    add(recall: number, falseRate: number) {
      const precision = recall / (recall + falseRate);
      sum += (recallBefore - recall) * precision;
      recallBefore = recall;
      last = recall * precision;
    },
    total: () => sum + last,
  };
}

/**
 * The metrics that Masana et al. report after Lee et al.'s code: 200,000 equal steps between the lowest and the highest
 * confidence 1 - s / max(s), precision from rates, TNR averaged over a band.
 *
 * The same numbers as theirs from sorted scores, in O(N log N + 200,000). A few scores far out squeeze all others into
 * a few steps (AUROC 0.005 where {@link auroc} gives 0.93), so this is for comparison with published numbers only.
 *
 * Source: Masana et al., BMVC 2018, released code.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution, at least 0
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side, or where there is no grid: no score above 0, or all equal; NotFiniteError
 *   naming the first NaN or infinite score
 * @example
 * gridMetrics([0.1, 0.2, 0.3], [0.25, 0.5]).auroc; // 0.8333
 */
export function gridMetrics(inScores: Scores, outScores: Scores): GridMetrics {
  const { thresholds: distinct } = cumulativeCounts('gridMetrics', inScores, outScores);
  const highest = distinct.at(-1)!;
  // Else 1 - s / max(s) is undefined, or falls where it should rise.
  check('gridMetrics', 'the highest score', highest, POSITIVE);
  const confidence = (scores: Scores) => Float64Array.from(scores, (score) => 1 - score / highest).sort();
  const [inside, outside] = [confidence(inScores), confidence(outScores)];
  const start = Math.min(inside[0]!, outside[0]!);
  const end = Math.max(inside.at(-1)!, outside.at(-1)!);
  const gap = (end - start) / STEPS;
  if (!(gap > 0)) {
    throw new ArgumentError('gridMetrics', 'inScores and outScores', 'more than one value', `${highest} only`);
  }
  const count = Math.ceil((end - start) / gap);

  const inUnder = runningShare(inside, under);
  const outUnder = runningShare(outside, under);
  const outAtOrUnder = runningShare(outside, atOrUnder);
  let [auroc, fprBefore, least, band, bandTnr] = [0, 1, 1, 0, 0];
  const auprIn = gridAupr();
  for (let i = 0; i < count; i++) {
    const threshold = start + i * gap;
    const tpr = 1 - inUnder(threshold);
    const fpr = 1 - outAtOrUnder(threshold);
    auroc += (fprBefore - fpr) * tpr;
    fprBefore = fpr;
    least = Math.min(least, (1 - tpr + fpr) / 2);
    if (tpr >= 0.94 && tpr <= 0.96) {
      band++;
      bandTnr += 1 - fpr;
    }
    const fprAtOrAbove = 1 - outUnder(threshold);
    if (tpr + fprAtOrAbove > 0) auprIn.add(tpr, fprAtOrAbove);
  }

  // Downwards: shares at or above, of the negated values, run upwards.
  const negated = (values: Float64Array) => values.map((value) => -value).sort();
  const inNotUnder = runningShare(negated(inside), atOrUnder);
  const outNotUnder = runningShare(negated(outside), atOrUnder);
  const auprOut = gridAupr();
  for (let i = 0; i < count; i++) {
    const threshold = end - i * gap;
    const [found, alarms] = [1 - outNotUnder(-threshold), 1 - inNotUnder(-threshold)];
    if (found + alarms === 0) break;
    auprOut.add(found, alarms);
  }
  return {
    tnr: band === 0 ? 0 : bandTnr / band,
    detectionAccuracy: 1 - least,
    auroc,
    auprIn: auprIn.total(),
    auprOut: auprOut.total(),
  };
}
