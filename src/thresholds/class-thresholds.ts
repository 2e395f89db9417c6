import { check, SHARE } from '../core/check';
import { readOptions } from '../core/read-options';
import { checkScores, type Scores } from '../core/scores';
import { checkClasses, sortByClass, type Classes } from './calibrate';
import { thresholdOfSorted, type ConformalThreshold } from './conformal-threshold';

/** The conformal threshold of one class. */
export interface ClassThreshold extends ConformalThreshold {
  label: number;
}

/**
 * Per-class (Mondrian) conformal thresholds: the false-alarm rate holds within each predicted class.
 *
 * A class with fewer than 1/alpha - 1 calibration scores has an infinite threshold and a warning: it never raises an
 * alarm.
 *
 * Source: Vovk, Gammerman, Shafer (2005), section 4.5.
 *
 * @param calibration in-distribution scores [N] that fitted nothing, higher = more out of distribution
 * @param classes the predicted class of each [N], whole numbers from 0
 * @param alpha false-alarm rate within each class, in (0, 1)
 * @param options `confidence` in (0, 1), as of {@link conformalThreshold}, for each class by itself
 * @returns one for each class that there is, by ascending label
 * @throws ArgumentError for no score, no class or an alpha outside (0, 1); ShapeError for unequal lengths;
 *   NotFiniteError naming the first NaN or infinite score
 * @example
 * const found = classThresholds([0.1, 0.3, 0.2], [0, 0, 1], 0.4);
 * found.map(({ label, threshold }) => [label, threshold]); // [[0, 0.3], [1, Infinity]]
 */
export function classThresholds(
  calibration: Scores,
  classes: Classes,
  alpha: number,
  options?: { confidence?: number | undefined },
): ClassThreshold[] {
  const where = 'classThresholds';
  checkScores(where, 'calibration', calibration);
  checkClasses(where, 'classes', classes, calibration.length);
  check(where, 'alpha', alpha, SHARE);
  const { confidence } = readOptions(where, options, { confidence: [SHARE] });
  return [...sortByClass(calibration, classes)].map(([label, own]) => ({
    label,
    ...thresholdOfSorted(own, alpha, confidence, `calibration scores of class ${label}`),
  }));
}
