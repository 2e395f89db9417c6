import { ShapeError } from '../../core/errors';
import { checkLabels } from '../../core/labels';

/** Labels of a block [N], checked: class indices of a head with C classes. */
export function readLabels(
  where: string,
  labels: ArrayLike<number> | undefined,
  rows: number,
  classes: number,
): Int32Array {
  if (labels?.length !== rows) {
    throw new ShapeError(where, 'labels', `${rows} labels`, labels === undefined ? 'none' : String(labels.length));
  }
  const expected = `class indices from 0 to ${classes - 1} (leave OoD rows out)`;
  return checkLabels(where, labels, { below: classes, expected });
}
