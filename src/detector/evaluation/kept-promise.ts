import { alarmsOf } from '../../thresholds/conformal-threshold';
import { crossGuarantee } from '../calibration/cross-fit';
import { alarmChance } from './alarm-chance';
import type { CountedShare, KeptPromise } from './detector-evaluation';

/** Who promises. */
export interface Promised {
  /** Rows that calibrate. */
  count: number;
  /** Folds that calibrate, each for its scorer; 1: held-out rows do. */
  folds: number;
  confidence: number | undefined;
  /** Whether p-values are of held-out rows, so that the number of alarms has a known distribution. */
  isHeldOut: boolean;
}

/** The promise at a rate, and how what came lies beside it. */
export function keptPromise(
  { count, folds, confidence, isHeldOut }: Promised,
  alpha: number,
  { count: alarms, of, lower, upper }: CountedShare,
): KeptPromise {
  const rate = folds > 1 ? crossGuarantee(count, folds, alpha) : alpha;
  return {
    rate,
    ...(confidence === undefined ? { kind: 'average' } : { kind: 'confidence', confidence }),
    interval: upper < rate ? 'below' : lower > rate ? 'above' : 'around',
    ...(isHeldOut && { chance: alarmChance(alarms, of, alarmsOf(count, alpha, confidence).allowed, count) }),
  };
}
