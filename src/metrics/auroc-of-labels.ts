import { ArgumentError, ShapeError } from '../core/errors';
import { checkFiniteScores, type Scores } from '../core/scores';
import { isListed, shownAt } from '../core/shown-value';
import { auroc } from './auroc';

/** Booleans are 0 and 1, as in NumPy. */
const isBinary = (label: unknown): boolean => label === 0 || label === 1 || typeof label === 'boolean';

/**
 * {@link auroc} in scikit-learn's order, `roc_auc_score(y_true, y_score)`: 1 (or true) is out of distribution.
 *
 * @param yTrue labels [N]: 0 = in distribution, 1 = out of distribution
 * @param yScore scores [N], higher = more out of distribution
 * @throws ArgumentError for a label that is not 0 or 1 (scores given first are such), or of one class only; ShapeError
 *   if the lengths differ; NotFiniteError naming the first NaN or infinite score
 * @example
 * aurocOfLabels([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]); // 0.75
 */
export function aurocOfLabels(yTrue: ArrayLike<number | boolean>, yScore: Scores): number {
  const where = 'aurocOfLabels';
  const expected = '0 (in distribution) or 1 (OoD) each, before the scores: aurocOfLabels(yTrue, yScore)';
  const ofBoth = 'labels of both classes, 0 and 1';
  if (!isListed(yTrue)) throw new ArgumentError(where, 'yTrue', expected, yTrue);
  if (yTrue.length === 0) throw new ArgumentError(where, 'yTrue', ofBoth, 'none');
  const wrong = Array.prototype.findIndex.call(yTrue, (label) => !isBinary(label));
  if (wrong >= 0) throw new ArgumentError(where, 'yTrue', expected, shownAt(yTrue[wrong], wrong));
  checkFiniteScores(where, 'yScore', yScore);
  const scores = Float64Array.from(yScore);
  if (scores.length !== yTrue.length) {
    throw new ShapeError(where, 'yScore', `[${yTrue.length}], one for each label`, `[${scores.length}]`);
  }
  const [inside, outside] = [scores.filter((_, i) => !yTrue[i]), scores.filter((_, i) => yTrue[i])];
  if (inside.length === 0 || outside.length === 0) {
    const only = `only ${outside.length > 0 ? 1 : 0} (${scores.length} times)`;
    throw new ArgumentError(where, 'yTrue', ofBoth, only);
  }
  return auroc(inside, outside);
}
