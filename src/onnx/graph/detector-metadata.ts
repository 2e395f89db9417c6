import type { DetectorState } from '../../detector/detector-state';
import { cutSorted } from '../../thresholds/conformal-threshold';

/** This package's version, as package.json has it. */
export const PACKAGE_VERSION = '0.1.0';
/** The version of the keys below. */
const FORMAT = '1';

/**
 * What a file says of its detector, text by key; JSON where it is more than a word. `cut_points` has the rate of each,
 * and the threshold: `score > threshold` is OoD there; null of folds, and where nothing is.
 */
export function detectorMetadata(state: DetectorState): Record<string, string> {
  const { scorers, calibrations, confidence, cutPoints, classNames, method, about } = state;
  const count = calibrations.reduce((sum, { length }) => sum + length, 0);
  const thresholdAt = (alpha: number) => {
    const cut = calibrations.length > 1 ? Infinity : cutSorted(calibrations[0]!, alpha, confidence);
    return Number.isFinite(cut) ? cut : null;
  };
  const cuts = Object.entries(cutPoints).map(([name, alpha]) => [name, { alpha, threshold: thresholdAt(alpha) }]);
  const said: Record<string, unknown> = {
    format: FORMAT,
    version: PACKAGE_VERSION,
    scorer: scorers[0]!.kind,
    alpha: cutPoints.default,
    confidence,
    calibration_count: count,
    calibration_method: method,
    cut_points: Object.fromEntries(cuts) as unknown,
    class_names: classNames,
    fingerprint: about.fingerprint,
    meaning: about.meaning,
    image_shape: about.imageShape,
    input: about.input,
  };
  const texts = Object.entries(said).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    texts.map(([key, value]) => [`tfjs_ood.${key}`, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}
