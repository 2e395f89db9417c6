import { seededRandom } from '../random';

/**
 * Rows drawn without replacement over a whole run: each is used once before any is used again. By place in the run, so that
 * going on from a place is exact.
 *
 * @returns the row at a place, counted from 0
 */
export function endlessRows(rows: Int32Array, seed: number, stream: number): (place: number) => number {
  let [round, order] = [-1, new Int32Array()]; // kept: many steps are in one round
  return (place) => {
    const wanted = Math.floor(place / rows.length);
    if (wanted !== round) {
      order = Int32Array.from(seededRandom(seed, stream, wanted).permutation(rows.length));
      round = wanted;
    }
    return rows[order[place % rows.length]!]!;
  };
}
