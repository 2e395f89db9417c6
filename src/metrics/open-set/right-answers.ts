import { ArgumentError, ShapeError } from '../../core/errors';
import { checkLabels } from '../../core/labels';

/**
 * 1 for each row that got its label [N]. A prediction below 0 ("no class") is wrong; a label below 0 is refused: for an
 * OoD sample no class is right.
 */
export function rightAnswers(where: string, predicted: ArrayLike<number>, labels: ArrayLike<number>): Uint8Array {
  const answers = checkLabels(where, predicted, { what: 'predicted', ood: true, expected: 'class indices' });
  const own = checkLabels(where, labels);
  if (predicted.length !== labels.length) {
    throw new ShapeError(where, 'predicted', `${labels.length} class indices, one for each label`, predicted.length);
  }
  if (labels.length === 0) {
    throw new ArgumentError(where, 'labels', 'at least one label', 'none');
  }
  return Uint8Array.from(own, (label, i) => Number(label === answers[i]));
}
