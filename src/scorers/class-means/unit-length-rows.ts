import { ArgumentError } from '../../core/errors';
import type { Means } from '../../embeddings/class-means';
import { unitLength } from '../../linalg/unit-length';
import type { Rows } from '../contract/rows';

/** Rows of length 1; a zero row, which has no direction, stays zero. */
export const rowsOfUnitLength = ({ data, shape }: Rows): Rows => ({ data: unitLength(data, shape[1]), shape });

export const isZeroRow = ({ data, shape }: Rows, row: number): boolean =>
  data.subarray(row * shape[1], (row + 1) * shape[1]).every((value) => value === 0);

/** Index of the first mean that points nowhere; -1 where all have a direction. */
export function zeroMean({ data, shape: [classes, size] }: Pick<Means, 'data' | 'shape'>): number {
  const isZero = (_: unknown, c: number) => data.subarray(c * size, (c + 1) * size).every((value) => value === 0);
  return Array.from({ length: classes }).findIndex(isZero);
}

/** Class means scaled to length 1. @throws ArgumentError for a mean of 0, which points nowhere */
export function meansOfUnitLength(where: string, { labels, data, shape }: Means): Means {
  const size = shape[1];
  const unit = data.slice();
  labels.forEach((label, c) => {
    const own = unit.subarray(c * size, (c + 1) * size);
    const norm = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0));
    if (norm === 0) {
      throw new ArgumentError(where, 'means', 'class means with a direction', `a mean of 0 for class ${label}`);
    }
    own.forEach((value, i) => (own[i] = value / norm));
  });
  return { labels, data: unit, shape };
}
