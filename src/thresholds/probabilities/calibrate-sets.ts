import { INTEGER, oneOf } from '../../core/check';
import { checkProbabilities, type ClassRows } from '../../core/class-rows';
import { ShapeError } from '../../core/errors';
import { checkLabels } from '../../core/labels';
import { readOptions } from '../../core/read-options';
import { labelScores, positiveZeros, type SetMethod } from './label-scores';

/** Calibration rows made ready for prediction sets: plain data. */
export interface SetCalibration {
  readonly method: SetMethod;
  /** Of the draws of `'aps'`. */
  readonly seed: number;
  /** C. */
  readonly classes: number;
  /** The score of its label of each calibration row [N], ascending. */
  readonly scores: Float64Array;
}

/**
 * Checks and scores the probabilities of calibration rows once, for {@link predictionSets}.
 *
 * `'lac'` (1 - the probability of the label) gives the smallest sets on average, `'aps'` (the probability of all
 * classes before the label, and a random share of its own) sets that are large where the model wavers. The draw of a
 * row comes from the seed and the row's own numbers: a row has the same set in every batch, and calls row by row are as
 * good.
 *
 * Source: `'lac'` Sadinle, Lei, Wasserman, JASA 114 (2019); `'aps'` Romano, Sesia, Candes, NeurIPS 2020, equation 7.
 *
 * @param probabilities [N, C] as `{ data, shape }`, of rows that trained nothing and fitted no temperature
 * @param labels class indices [N]
 * @param options `method`: `'lac'` by default; `seed`: integer, 1 by default
 * @throws ArgumentError for no row, numbers that are no probabilities, or labels that are none of the C classes;
 *   ShapeError for unequal lengths; NotFiniteError naming row and class of the first NaN or infinity
 * @example
 * const probabilities = { data: [0.9, 0.1, 0.6, 0.4, 0.2, 0.8], shape: [3, 2] as const };
 * calibrateSets(probabilities, [0, 0, 1]).scores; // Float64Array [0.1, 0.2, 0.4]
 */
export function calibrateSets(
  probabilities: ClassRows,
  labels: ArrayLike<number>,
  options?: { method?: SetMethod; seed?: number },
): SetCalibration {
  const where = 'calibrateSets';
  checkProbabilities(where, 'probabilities', probabilities);
  const [count, classes] = probabilities.shape;
  const own = checkLabels(where, labels, { below: classes });
  if (own.length !== count) throw new ShapeError(where, 'labels', `${count} labels, one for each row`, own.length);
  const { method, seed } = readOptions(where, options, {
    method: [oneOf('lac', 'aps'), 'lac'],
    seed: [INTEGER, 1],
  });
  const data = positiveZeros(probabilities.data);
  const scores = Float64Array.from(own, (label, row) => {
    return labelScores(method, data.subarray(row * classes, (row + 1) * classes), seed)[label]!;
  });
  return { method, seed, classes, scores: scores.sort() };
}
