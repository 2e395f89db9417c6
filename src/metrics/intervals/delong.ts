import { auroc } from '../auroc';
import type { RankedScores } from '../cumulative-counts';

/** What each distinct score adds to the AUROC, seen from either side; see {@link placements}. */
export interface Placements {
  /** Of an in-distribution sample with that score: share of OoD samples above it, ties half [K]. */
  ofIn: Float64Array;
  /** Of an OoD sample with that score: share of in-distribution samples below it, ties half [K]. */
  ofOut: Float64Array;
}

/**
 * DeLong's structural components. Both sides' means are the AUROC. Source: DeLong et al., Biometrics 44 (1988),
 * equations 4, 5.
 */
export function placements({ inCount, outCount, inAtOrBelow, outAtOrBelow }: RankedScores): Placements {
  const [ofIn, ofOut] = [new Float64Array(inAtOrBelow.length), new Float64Array(inAtOrBelow.length)];
  let [inBefore, outBefore] = [0, 0];
  for (let k = 0; k < ofIn.length; k++) {
    ofOut[k] = (inBefore + inAtOrBelow[k]!) / 2 / inCount;
    ofIn[k] = 1 - (outBefore + outAtOrBelow[k]!) / 2 / outCount;
    [inBefore, outBefore] = [inAtOrBelow[k]!, outAtOrBelow[k]!];
  }
  return { ofIn, ofOut };
}

/**
 * AUROC and its variance by DeLong, from the counts alone: O(K). `undefined` where a side has one sample.
 *
 * Source: Sun, Xu, IEEE Signal Processing Letters 21 (2014): midranks give the components of DeLong et al.
 */
export function aurocVariance(ranked: RankedScores): { auroc: number; variance: number | undefined } {
  const { inCount, outCount, inAtOrBelow, outAtOrBelow } = ranked;
  const mean = auroc(ranked);
  if (inCount === 1 || outCount === 1) return { auroc: mean, variance: undefined };
  let [ofIn, ofOut, inBefore, outBefore] = [0, 0, 0, 0]; // sums of squares around the mean
  for (let k = 0; k < inAtOrBelow.length; k++) {
    const [inHere, outHere] = [inAtOrBelow[k]! - inBefore, outAtOrBelow[k]! - outBefore];
    ofOut += outHere * ((inBefore + inAtOrBelow[k]!) / 2 / inCount - mean) ** 2;
    ofIn += inHere * (1 - (outBefore + outAtOrBelow[k]!) / 2 / outCount - mean) ** 2;
    [inBefore, outBefore] = [inAtOrBelow[k]!, outAtOrBelow[k]!];
  }
  return { auroc: mean, variance: ofIn / (inCount - 1) / inCount + ofOut / (outCount - 1) / outCount };
}
