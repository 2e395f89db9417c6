import { ArgumentError, ShapeError } from '../../core/errors';
import { checkLabels } from '../../core/labels';

/**
 * 1 for each row that got its label [N]. A prediction below 0 ("no class") is wrong; a label below 0 is refused: for an
 * OoD sample no class is right.
 */
export function rightAnswers(where: string, predicted: ArrayLike<number>, labels: ArrayLike<number>): Uint8Array {
  for (const [what, values] of Object.entries({ predicted, labels })) {
    if (Number.isInteger((values as ArrayLike<number> | undefined)?.length)) continue;
    throw new ArgumentError(where, what, 'an array of class indices (of a tensor: await its data())', typeof values);
  }
  if (predicted.length !== labels.length) {
    throw new ShapeError(where, 'predicted', `${labels.length} class indices, one for each label`, predicted.length);
  }
  if (labels.length === 0) {
    throw new ArgumentError(where, 'labels', 'at least one label', 'none');
  }
  const own = checkLabels(where, labels, { expected: 'class indices from 0 (leave OoD samples out)' });
  const answers = checkLabels(where, predicted, { what: 'predicted', ood: true, expected: 'class indices' });
  return Uint8Array.from(own, (label, i) => Number(label === answers[i]));
}
