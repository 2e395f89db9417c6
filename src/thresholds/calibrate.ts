import { ANYTHING } from '../core/check';
import { ShapeError } from '../core/errors';
import { checkLabels } from '../core/labels';
import { readOptions } from '../core/read-options';
import { checkScores, type Scores } from '../core/scores';
import { sortScores } from '../core/sort-scores';

/** Calibration scores made ready for decisions: plain data, to be kept for as long as decisions are made. */
export interface Calibration {
  /** All calibration scores [N], ascending. */
  readonly all: Float64Array;
  /** The ascending scores of each class; with them each row is judged by its class alone. */
  readonly byClass?: ReadonlyMap<number, Float64Array>;
}

/** Classes of rows. */
export type Classes = ArrayLike<number>;

/** Throws unless the classes are whole numbers from 0, one for each row. */
export function checkClasses(where: string, what: string, classes: Classes, rows: number): void {
  if (classes?.length !== rows) {
    throw new ShapeError(where, what, `${rows} classes, one for each score`, classes?.length ?? 'none');
  }
  checkLabels(where, classes, { what, expected: 'classes, whole numbers from 0' });
}

/** Ascending scores of each class, by ascending class. Rows are assumed checked. */
export function sortByClass(scores: Scores, classes: Classes): Map<number, Float64Array> {
  const counts = new Map<number, number>();
  for (let i = 0; i < scores.length; i++) counts.set(classes[i]!, (counts.get(classes[i]!) ?? 0) + 1);
  const labels = [...counts.keys()].sort((a, b) => a - b);
  const byClass = new Map(labels.map((label) => [label, new Float64Array(counts.get(label)!)]));
  // Filled from the back, with the counts as places.
  for (let i = 0; i < scores.length; i++) {
    const label = classes[i]!;
    const place = counts.get(label)! - 1;
    counts.set(label, place);
    byClass.get(label)![place] = scores[i]!;
  }
  for (const own of byClass.values()) own.sort();
  return byClass;
}

/** As {@link calibrate}, on behalf of another function. */
export function calibrateFor(where: string, names: [string, string], scores: Scores, classes?: Classes): Calibration {
  checkScores(where, names[0], scores);
  if (classes !== undefined) checkClasses(where, names[1], classes, scores.length);
  const all = new Float64Array(sortScores(scores));
  return classes === undefined ? { all } : { all, byClass: sortByClass(scores, classes) };
}

/**
 * Checks and sorts calibration scores once, for {@link decideWith}.
 *
 * @param calibration in-distribution scores [N] that fitted nothing, higher = more out of distribution
 * @param options `classes`: the predicted class of each score [N]; then each row is judged by the scores of its class
 * @throws ArgumentError for no score or for classes that are no whole numbers from 0; ShapeError where there is not one
 *   class for each score; NotFiniteError naming the first NaN or infinite score
 * @example
 * const calibration = calibrate([0.3, 0.1, 0.2]);
 * decideWith(calibration, [0.9], { alpha: 0.25 })[0]?.isOod; // true
 */
export function calibrate(calibration: Scores, options?: { classes?: Classes | undefined }): Calibration {
  const { classes } = readOptions('calibrate', options, { classes: [ANYTHING] });
  return calibrateFor('calibrate', ['calibration', 'classes'], calibration, classes);
}
