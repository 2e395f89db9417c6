import { rightAnswers } from './right-answers';

/**
 * Share of in-distribution samples whose predicted class is their label.
 *
 * A prediction below 0 ("no class") counts as wrong.
 *
 * @param predicted class indices [N]
 * @param labels class indices [N], from 0
 * @throws ShapeError for unequal lengths; ArgumentError for no sample, a label below 0 (OoD) or no whole number
 * @example
 * classAccuracy([0, 1, 1], [0, 1, 2]); // 0.6667
 */
export function classAccuracy(predicted: ArrayLike<number>, labels: ArrayLike<number>): number {
  const right = rightAnswers('classAccuracy', predicted, labels);
  return right.reduce((sum, each) => sum + each, 0) / right.length;
}
