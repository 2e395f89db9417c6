import { ArgumentError } from '../core/errors';
import type { RankedScores } from './cumulative-counts';

/** Which side counts as the positive one, of which true and false positives are told. */
export interface PositiveOption {
  /** `'out'`: OoD is what is to be found (default, but for `fprAtTpr`); `'in'`: in-distribution is. */
  positive?: 'out' | 'in';
}

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

/** @throws ArgumentError for any other side than in or out */
export function checkSide(where: string, positive: string): void {
  if (positive === 'in' || positive === 'out') return;
  throw new ArgumentError(where, 'positive', "'out' or 'in'", positive);
}

/** The ranked scores as seen by who looks for one side. @throws ArgumentError for any other side than in or out */
export function operatingPoints(where: string, ranked: RankedScores, positive: 'out' | 'in'): OperatingPoints {
  checkSide(where, positive);
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
