import { oneOf } from '../core/check';
import type { RankedScores } from './cumulative-counts';

/** Which side counts as the positive one, of which true and false positives are told. */
export interface PositiveOption {
  /** `'out'`: OoD is what is to be found (default, but for `fprAtTpr`); `'in'`: in-distribution is. */
  positive?: 'out' | 'in';
}

export const SIDE = oneOf('out', 'in');

/** The option of whoever looks for OoD by default. */
export const POSITIVE_OUT = { positive: [SIDE, 'out'] } as const;

/** What each threshold finds, from the strictest to the loosest; at the last one everything is found. */
export interface OperatingPoints {
  positives: number;
  negatives: number;
  /** Positive out: `score >= t` is called positive, thresholds fall. Positive in: `score <= t`, thresholds rise. [K] */
  thresholds: Float64Array;
  truePositives: Float64Array;
  falsePositives: Float64Array;
}

/** How many are at or above each threshold, highest threshold first. */
function atOrAbove(atOrBelow: Float64Array, total: number): Float64Array {
  const count = atOrBelow.length;
  const above = new Float64Array(count);
  for (let k = 0; k < count - 1; k++) above[k] = total - atOrBelow[count - 2 - k]!;
  above[count - 1] = total;
  return above;
}

/** The ranked scores as seen by who looks for one side. */
export function operatingPoints(ranked: RankedScores, positive: 'out' | 'in'): OperatingPoints {
  const { inCount, outCount, thresholds, inAtOrBelow, outAtOrBelow } = ranked;
  if (positive === 'in') {
    return {
      positives: inCount,
      negatives: outCount,
      thresholds,
      truePositives: inAtOrBelow,
      falsePositives: outAtOrBelow,
    };
  }
  let falling: Float64Array | undefined;
  return {
    positives: outCount,
    negatives: inCount,
    get thresholds() {
      return (falling ??= thresholds.slice().reverse()); // few ask for them
    },
    truePositives: atOrAbove(outAtOrBelow, outCount),
    falsePositives: atOrAbove(inAtOrBelow, inCount),
  };
}
