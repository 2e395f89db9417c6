import { atOnce, type Steps } from '../core/steps';

/** Rows and columns that are mirrored together, so that both stay in a cache. */
const TILE = 32;

/** Writes the upper triangle of a matrix [D, D] into the lower one. */
export const mirror = (matrix: Float64Array, size: number): void => atOnce(mirroring(matrix, size));

/** The same; a step is some rows. */
export function* mirroring(matrix: Float64Array, size: number): Steps<void> {
  for (let top = 0; top < size; top += TILE) {
    for (let left = 0; left <= top; left += TILE) {
      const end = Math.min(top + TILE, size);
      for (let i = top; i < end; i++) {
        const last = Math.min(left + TILE, i);
        for (let j = left; j < last; j++) matrix[i * size + j] = matrix[j * size + i]!;
      }
    }
    yield;
  }
}
