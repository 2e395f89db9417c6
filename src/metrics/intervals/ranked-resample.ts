import type { Scores } from '../../core/scores';
import type { RankedScores } from '../cumulative-counts';

/** Index among the distinct scores of each score [N], found by halving. */
export function slotsOf({ thresholds }: RankedScores, scores: Scores): Int32Array {
  return Int32Array.from(scores, (score) => {
    let [low, high] = [0, thresholds.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (thresholds[middle]! < score) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

/** The same for the scores in ascending order, from their counts. */
export function slotsInOrder(atOrBelow: Float64Array): Int32Array {
  const slots = new Int32Array(atOrBelow.at(-1)!);
  for (let k = 0, i = 0; k < atOrBelow.length; k++) while (i < atOrBelow[k]!) slots[i++] = k;
  return slots;
}

/**
 * What ranking the scores would give if each counted as often as its weight says, without sorting. A distinct score
 * that nobody has is left out, as metrics expect. The arrays are those of the call before, written over.
 */
export function rankedResample(thresholds: Float64Array, inSlots: Int32Array, outSlots: Int32Array) {
  const [ins, outs, distinct] = [thresholds.slice(), thresholds.slice(), thresholds.slice()];
  const count = (sums: Float64Array, slots: Int32Array, weights: Int32Array): void => {
    sums.fill(0);
    for (let i = 0; i < slots.length; i++) sums[slots[i]!]! += weights[i]!;
  };
  return (inWeights: Int32Array, outWeights: Int32Array): RankedScores => {
    count(ins, inSlots, inWeights);
    count(outs, outSlots, outWeights);
    let [inCount, outCount, kept] = [0, 0, 0];
    for (let k = 0; k < thresholds.length; k++) {
      if (ins[k] === 0 && outs[k] === 0) continue;
      inCount += ins[k]!;
      outCount += outs[k]!;
      distinct[kept] = thresholds[k]!;
      ins[kept] = inCount; // kept <= k: what is written over has been read
      outs[kept] = outCount;
      kept++;
    }
    return {
      inCount,
      outCount,
      thresholds: distinct.subarray(0, kept),
      inAtOrBelow: ins.subarray(0, kept),
      outAtOrBelow: outs.subarray(0, kept),
    };
  };
}
