import { confidentAlpha } from '../../thresholds/allowed-alarms';
import { alarmsOf } from '../../thresholds/conformal-threshold';
import { crossGuarantee } from './cross-fit';
import { countOf, isCross, type Judge } from './judge';
import type { RareClasses } from './rare-classes';

/** Whether images calibrate that fitted nothing, or every image, by the scorers that did not see it. */
export type CalibrationMethod = 'held-out' | 'cross';

/** What the calibration of a detector stands on, and what it promises. */
export interface CalibrationInfo extends RareClasses {
  /** Images that calibrate. */
  readonly count: number;
  /** `'held-out'`, or of few images `'cross'`. */
  readonly method: CalibrationMethod;
  /** The smallest false-alarm rate at which anything can be called OoD: 1 / (count + 1), more with a confidence. */
  readonly smallestAlpha: number;
  /** Whether anything can be called OoD at the rate of the fit. */
  readonly canAlarm: boolean;
  /**
   * The false-alarm rate that is guaranteed at that of the fit, over the draw of the images: `alpha` itself of held-out
   * images; of folds 2 alpha and a term that falls with their number, where what comes is near alpha.
   */
  readonly guarantee: number;
}

/** What is known of a judge at its rate. */
export function calibrationInfo(
  judge: Pick<Judge, 'calibrations' | 'confidence'>,
  alpha: number,
  rare: RareClasses,
): CalibrationInfo {
  const count = countOf(judge);
  const { confidence } = judge;
  const folds = judge.calibrations.length;
  return {
    count,
    method: isCross(judge) ? 'cross' : 'held-out',
    smallestAlpha: confidence === undefined ? 1 / (count + 1) : confidentAlpha(count, confidence),
    canAlarm: alarmsOf(count, alpha, confidence).allowed > 0,
    guarantee: isCross(judge) ? crossGuarantee(count, folds, alpha) : alpha,
    classesWithoutRow: rare.classesWithoutRow,
    missingMass: rare.missingMass,
  };
}
