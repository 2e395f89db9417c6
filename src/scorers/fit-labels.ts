import { ArgumentError, ShapeError } from '../errors';

/** Labels of a block [N], checked: class indices of a head with C classes. */
export function readLabels(
  where: string,
  labels: ArrayLike<number> | undefined,
  rows: number,
  classes: number,
): Int32Array {
  if (labels?.length !== rows) {
    const received = labels === undefined ? 'none' : String(labels.length);
    throw new ShapeError({ where, what: 'labels', expected: `${rows} labels`, received });
  }
  for (let row = 0; row < rows; row++) {
    const label = labels[row]!;
    if (Number.isInteger(label) && label >= 0 && label < classes) continue;
    const expected = `class indices from 0 to ${classes - 1} (leave OoD rows out)`;
    throw new ArgumentError({ where, what: 'labels', expected, received: `${label} at row ${row}` });
  }
  return Int32Array.from(labels);
}
