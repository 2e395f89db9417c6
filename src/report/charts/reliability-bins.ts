import type { ClassRows } from '../../core/class-rows';
import { expectedCalibrationError, type ReliabilityBin } from '../../metrics/index';
import type { Reliability } from '../page-data';

/** The calibration error of the known images in 15 bins of one width. */
export function reliabilityOf(probabilities: ClassRows, labels: ArrayLike<number>): Reliability {
  const { ece, bins, count } = expectedCalibrationError(probabilities, labels);
  const of = (value: (bin: ReliabilityBin) => number) => Float32Array.from(bins, value);
  return {
    ece,
    lower: of((bin) => bin.lower),
    upper: of((bin) => bin.upper),
    confidence: of((bin) => bin.confidence),
    accuracy: of((bin) => bin.accuracy),
    share: of((bin) => bin.count / count),
  };
}
