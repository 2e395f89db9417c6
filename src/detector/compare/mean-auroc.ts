import type { Pause } from '../../core/pauses';
import { auroc } from '../../metrics/auroc';
import { cumulativeCounts } from '../../metrics/cumulative-counts';
import { placements } from '../../metrics/intervals/delong';
import { normalQuantile } from '../../metrics/intervals/normal-distribution';
import { slotsOf } from '../../metrics/intervals/ranked-resample';
import { twoSidedPValue } from '../../metrics/intervals/two-sided-p-value';
import { boundedDifference, unvaryingLimits } from '../../metrics/intervals/unvarying';
import type { ScoredTrial } from './trial';

/** A mean of AUROCs, and what each row adds to its error. */
export interface MeanAuroc {
  value: number;
  /** [rows]; their squares add up to the variance. */
  parts: Float64Array;
  /** Fewest independent pairs of a known and an unknown row in a trial. */
  pairs: number;
  trials: number;
}

/** Parts of rows are multiples of 1 / (2 N M): what is smaller, times the rows, is rounding. */
const ROUNDING = 1e-11;

const isNothing = (parts: Float64Array): boolean => parts.every((part) => Math.abs(part) * parts.length < ROUNDING);

const sumOfSquares = (parts: Float64Array): number => parts.reduce((sum, part) => sum + part * part, 0);

/**
 * Mean AUROC over trials, by their weights (which add up to 1). A row of several trials counts once: what it adds to
 * each is added up before it is squared, so that trials that share rows are not taken for independent ones.
 *
 * Source: DeLong, DeLong, Clarke-Pearson, Biometrics 44 (1988): of one trial these are its variance and its test.
 */
export async function meanAuroc(
  where: string,
  trials: readonly ScoredTrial[],
  rows: number,
  pause: Pause,
): Promise<MeanAuroc> {
  const parts = new Float64Array(rows);
  let [value, pairs] = [0, Infinity];
  for (const { inRows, outRows, inScores, outScores, weight } of trials) {
    await pause();
    const ranked = cumulativeCounts(where, inScores, outScores);
    const area = auroc(ranked);
    const { ofIn, ofOut } = placements(ranked);
    const add = (ids: Int32Array, scores: Float32Array, of: Float64Array) => {
      const scale = weight / Math.sqrt(ids.length * (ids.length - 1));
      slotsOf(ranked, scores).forEach((slot, i) => (parts[ids[i]!]! += scale * (of[slot]! - area)));
    };
    add(inRows, inScores, ofIn);
    add(outRows, outScores, ofOut);
    value += weight * area;
    pairs = Math.min(pairs, inRows.length, outRows.length);
  }
  return { value, parts, pairs, trials: trials.length };
}

/** Limits on the scale of log(A / (1 - A)), as `aurocInterval` has them. */
export function meanLimits({ value, parts, pairs }: MeanAuroc, confidence: number): [lower: number, upper: number] {
  if (isNothing(parts) || value <= 0 || value >= 1) return unvaryingLimits(value, pairs, confidence);
  const reach = normalQuantile((1 + confidence) / 2) * Math.sqrt(sumOfSquares(parts));
  const [odds, factor] = [value / (1 - value), Math.exp(reach / (value * (1 - value)))];
  return [1 / (1 + factor / odds), 1 / (1 + 1 / odds / factor)];
}

/** Difference of two means of the same rows, with its limits and DeLong's paired test. */
export function meanDifference(first: MeanAuroc, second: MeanAuroc, confidence: number) {
  const difference = first.value - second.value;
  const parts = first.parts.map((part, row) => part - second.parts[row]!);
  if (isNothing(parts)) {
    const isOfEach = first.trials === 1 && isNothing(first.parts) && isNothing(second.parts);
    const { pValue, lower, upper } = boundedDifference(difference, first.pairs, confidence, isOfEach);
    return { difference, pValue, lower, upper };
  }
  const error = Math.sqrt(sumOfSquares(parts));
  const reach = normalQuantile((1 + confidence) / 2) * error;
  return {
    difference,
    pValue: twoSidedPValue(difference / error),
    lower: Math.max(-1, difference - reach),
    upper: Math.min(1, difference + reach),
  };
}
