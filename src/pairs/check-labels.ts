import { ArgumentError, NotFiniteError } from '../errors';

/** Labels as int32. */
export function checkLabels(where: string, labels: ArrayLike<number>): Int32Array {
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if ((label | 0) === label) continue;
    const kind = Number.isFinite(label) ? ArgumentError : NotFiniteError;
    throw new kind({ where, what: 'labels', expected: 'whole numbers of 32 bits', received: `${label} at index ${i}` });
  }
  return Int32Array.from(labels);
}

/** Rows of the labels for which `isWanted`. */
export const rowsWhere = (labels: Int32Array, isWanted: (label: number) => boolean): Int32Array =>
  Int32Array.from(labels, (_, row) => row).filter((row) => isWanted(labels[row]!));
