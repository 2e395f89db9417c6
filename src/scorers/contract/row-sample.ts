import { seededRandom } from '../../core/random';

/** A uniform sample of a stream of rows [N, D]. */
export interface RowSample {
  add(rows: Float32Array): void;
  /** The rows kept [min(N, limit), D]. */
  rows(): Float32Array;
}

/**
 * Reservoir sampling (Vitter's algorithm R): `limit` rows, all while there are no more; blocks of any size give the
 * same.
 */
export function rowSample(size: number, limit: number, seed: number): RowSample {
  const random = seededRandom(seed);
  const kept: Float32Array[] = [];
  let seen = 0;
  return {
    add(rows) {
      for (let from = 0; from < rows.length; from += size) {
        const at = seen < limit ? seen : random.integer(seen + 1);
        if (at < limit) kept[at] = rows.slice(from, from + size);
        seen++;
      }
    },
    rows() {
      const all = new Float32Array(kept.length * size);
      kept.forEach((row, i) => all.set(row, i * size));
      return all;
    },
  };
}
