import { countFrom } from '../core/p-value';
import { oneOf, wholeFrom } from '../core/check';
import { checkProbabilities, type ClassRows } from '../core/class-rows';
import { ShapeError } from '../core/errors';
import { checkLabels } from '../core/labels';
import { readOptions } from '../core/read-options';

/** Rows of about one confidence. */
export interface ReliabilityBin {
  /** It holds confidences above `lower` up to `upper`. */
  lower: number;
  upper: number;
  count: number;
  /** Mean of the largest probabilities. */
  confidence: number;
  /** Share of rows whose most probable class is their label. */
  accuracy: number;
}

/** How far confidences are from what comes true. */
export interface CalibrationError {
  /** Expected calibration error: mean over rows of |accuracy - confidence| of their bin. */
  ece: number;
  /** The largest |accuracy - confidence| of a bin. */
  mce: number;
  /** Of all rows. */
  accuracy: number;
  confidence: number;
  count: number;
  /** Those that hold a row, by ascending confidence: what a reliability diagram draws. */
  bins: ReliabilityBin[];
}

/** Options of {@link expectedCalibrationError}. */
export interface CalibrationErrorOptions {
  /** 15 by default. */
  bins?: number;
  /** `'equal-width'` (default): of one width from 0 to 1; `'equal-mass'`: of as many rows, ties together. */
  binning?: 'equal-width' | 'equal-mass';
}

/** Upper ends of the bins, ascending, the last one 1 or the largest confidence. */
function endsOf(confidences: Float64Array, bins: number, isWide: boolean): number[] {
  if (isWide) return Array.from({ length: bins }, (_, i) => (i + 1) / bins);
  const sorted = confidences.slice().sort();
  const ends = Array.from({ length: bins }, (_, i) => sorted[Math.ceil(((i + 1) * sorted.length) / bins) - 1]!);
  return [...new Set(ends)];
}

/**
 * Expected calibration error of a classifier: how far the probability of its answers is from how often they are right.
 *
 * Rows are put into bins by the probability of their most probable class (of equal ones the first). It is biased: with
 * few rows a bin errs by chance, so even right probabilities have an error of some sqrt(bins / rows). Compare at the
 * same number of rows, and look at the bins.
 *
 * Source: Naeini, Cooper, Hauskrecht, AAAI 2015; Guo, Pleiss, Sun, Weinberger, ICML 2017, equation 3; equal mass:
 * Nguyen, O'Connor, EMNLP 2015.
 *
 * @param probabilities [N, C] as `{ data, shape }`, each row sums to 1
 * @param labels class indices [N]
 * @throws ArgumentError for no row, numbers that are no probabilities, labels that are none of the C classes or an
 *   option out of its rule; ShapeError for unequal lengths; NotFiniteError naming row and class of the first NaN
 * @example
 * const probabilities = { data: [0.9, 0.1, 0.9, 0.1, 0.4, 0.6], shape: [3, 2] as const };
 * const { ece, accuracy } = expectedCalibrationError(probabilities, [0, 1, 1]);
 * [ece, accuracy]; // [0.4, 0.6667]: at 0.9 one of two is right, at 0.6 one of one
 */
export function expectedCalibrationError(
  probabilities: ClassRows,
  labels: ArrayLike<number>,
  options?: CalibrationErrorOptions,
): CalibrationError {
  const where = 'expectedCalibrationError';
  checkProbabilities(where, 'probabilities', probabilities);
  const { data, shape } = probabilities;
  const [count, classes] = shape;
  const own = checkLabels(where, labels, { below: classes });
  if (own.length !== count) throw new ShapeError(where, 'labels', `${count} labels, one for each row`, own.length);
  const { bins, binning } = readOptions(where, options, {
    bins: [wholeFrom(1, 1e6), 15],
    binning: [oneOf('equal-width', 'equal-mass'), 'equal-width'],
  });
  const confidences = new Float64Array(count);
  const right = own.map((label, row) => {
    let best = 0;
    for (let c = 1; c < classes; c++) if (data[row * classes + c]! > data[row * classes + best]!) best = c;
    confidences[row] = data[row * classes + best]!;
    return Number(best === label);
  });
  const ends = endsOf(confidences, bins, binning === 'equal-width');
  const sums = ends.map(() => ({ count: 0, confidence: 0, right: 0 }));
  confidences.forEach((confidence, row) => {
    const bin = Math.min(ends.length - countFrom(ends, confidence), ends.length - 1);
    const sum = sums[bin]!;
    sum.count++;
    sum.confidence += confidence;
    sum.right += right[row]!;
  });
  const found = sums.map((sum, i): ReliabilityBin => {
    const [confidence, accuracy] = [sum.confidence / sum.count, sum.right / sum.count];
    return { lower: ends[i - 1] ?? 0, upper: ends[i]!, count: sum.count, confidence, accuracy };
  });
  const full = found.filter((bin) => bin.count > 0);
  const gaps = full.map(({ accuracy, confidence }) => Math.abs(accuracy - confidence));
  return {
    ece: full.reduce((sum, bin, i) => sum + (bin.count / count) * gaps[i]!, 0),
    mce: Math.max(...gaps),
    accuracy: right.reduce((sum, one) => sum + one, 0) / count,
    confidence: confidences.reduce((sum, one) => sum + one, 0) / count,
    count,
    bins: full,
  };
}
