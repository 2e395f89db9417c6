import { required, SHARE } from '../../core/check';
import { checkProbabilities, type ClassRows } from '../../core/class-rows';
import { ArgumentError, ShapeError } from '../../core/errors';
import { readOptions } from '../../core/read-options';
import { thresholdOfSorted } from '../conformal-threshold';
import type { SetCalibration } from './calibrate-sets';
import { labelScores, positiveZeros } from './label-scores';

/** What a row can be. */
export interface PredictionSet {
  /** Class indices, the most probable first. */
  classes: number[];
  /** No class is likely enough: as strange as the share alpha of known rows that is left out. */
  isEmpty: boolean;
}

/** Prediction sets and what they come from. */
export interface PredictionSets {
  sets: PredictionSet[];
  /** How many of them are empty. */
  empty: number;
  /** A class is in a set where its score is at most this; infinite where there are too few calibration rows. */
  threshold: number;
  /** Says so where the threshold is infinite: then every class is in every set. */
  warning?: string;
}

/**
 * For each row a set of classes that holds the true one with a probability of at least 1 - alpha, whatever the model.
 *
 * That is on average over rows of known classes and over calibrations: exactly ceil((n + 1)(1 - alpha))/(n + 1) with n
 * calibration rows whose scores do not tie. With a `confidence` it is for this calibration. Of a row of no known class
 * it says nothing: that is what scorers are for. A set may be empty; it is no verdict.
 *
 * Together with a verdict at its own alpha the errors add up: a known row is called OoD, or has a set without its
 * class, with a probability of at most the sum of both, on the same calibration rows too.
 *
 * Source: as {@link calibrateSets}; Vovk, Gammerman, Shafer (2005) for the threshold.
 *
 * @param calibration what {@link calibrateSets} returns
 * @param probabilities [M, C] as `{ data, shape }`
 * @param options `alpha`: share of sets without the true class, in (0, 1); `confidence` in (0, 1)
 * @throws ArgumentError for a calibration that is none, an alpha outside (0, 1) or numbers that are no probabilities;
 *   ShapeError for another number of classes; NotFiniteError naming row and class of the first NaN or infinity
 * @example
 * const known = { data: [0.9, 0.1, 0.6, 0.4, 0.2, 0.8], shape: [3, 2] as const };
 * const calibration = calibrateSets(known, [0, 0, 1]);
 * const { sets } = predictionSets(calibration, { data: [0.55, 0.45, 0.7, 0.3], shape: [2, 2] }, { alpha: 0.25 });
 * sets.map(({ classes }) => classes); // [[], [0]]: each label had 0.6 or more
 */
export function predictionSets(
  calibration: SetCalibration,
  probabilities: ClassRows,
  options: { alpha: number; confidence?: number | undefined },
): PredictionSets {
  const where = 'predictionSets';
  const { method, seed, classes, scores } = (calibration ?? {}) as Partial<SetCalibration>;
  if (!scores || !method || seed === undefined) {
    throw new ArgumentError(where, 'calibration', 'what calibrateSets() returns', calibration);
  }
  checkProbabilities(where, 'probabilities', probabilities);
  const { alpha, confidence } = readOptions(where, options, { alpha: [required(SHARE)], confidence: [SHARE] });
  const [count, given] = probabilities.shape;
  if (given !== classes) throw new ShapeError(where, 'probabilities', `[M, ${classes}]`, `[${count}, ${given}]`);
  const { threshold, warning } = thresholdOfSorted(
    scores,
    alpha,
    confidence,
    'calibration scores',
    'no class is left out of a set',
  );
  const data = positiveZeros(probabilities.data);
  const sets = Array.from({ length: count }, (_, i): PredictionSet => {
    const row = data.subarray(i * classes, (i + 1) * classes);
    const own = labelScores(method, row, seed);
    const within = Array.from(own.keys()).filter((c) => own[c]! <= threshold);
    within.sort((a, b) => row[b]! - row[a]! || a - b);
    return { classes: within, isEmpty: within.length === 0 };
  });
  const empty = sets.filter(({ isEmpty }) => isEmpty).length;
  return { sets, empty, threshold, ...(warning && { warning }) };
}
