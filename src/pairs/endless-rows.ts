import { seededRandom, type Random } from '../core/random';

/** The same rows in another order: none of `taken` among the first `count`, every such order equally likely. */
function keptApart(order: Int32Array, taken: ReadonlySet<number>, count: number, random: Random): Int32Array {
  if (!order.subarray(0, count).some((i) => taken.has(i))) return order;
  const head = order.filter((i) => !taken.has(i)).subarray(0, count);
  const chosen = new Set(head);
  const rest = order.filter((i) => !chosen.has(i));
  return Int32Array.from([...head, ...Array.from(random.permutation(rest.length), (i) => rest[i]!)]);
}

/**
 * Rows drawn without replacement over a whole run, `count` for each batch: each is used once before any is used again,
 * and none is twice in a batch that takes the end of one round and the beginning of the next (fewer rows than `count`
 * must repeat). By place in the run, so that going on from a place is exact: a round follows from the seed and the
 * round before, back to one that begins with a batch.
 *
 * @returns the row at a place, counted from 0
 */
export function endlessRows(rows: Int32Array, count: number, seed: number, stream: number): (place: number) => number {
  const size = rows.length;
  /** How many rows of this round are in the batch that the next one completes. */
  const leftOver = (round: number) => (size < count ? 0 : ((round + 1) * size) % count);
  let [round, order]: [number, Int32Array] = [-1, new Int32Array()]; // kept: many steps are in one round
  const turnTo = (wanted: number) => {
    let next = wanted;
    while (next > 0 && next !== round + 1 && leftOver(next - 1) > 0) next--;
    for (; next <= wanted; next++) {
      const random = seededRandom(seed, stream, next);
      const left = next > 0 ? leftOver(next - 1) : 0;
      const before = new Set(left > 0 ? order.subarray(size - left) : []);
      order = keptApart(Int32Array.from(random.permutation(size)), before, count - left, random);
    }
    round = wanted;
  };
  return (place) => {
    const wanted = Math.floor(place / size);
    if (wanted !== round) turnTo(wanted);
    return rows[order[place % size]!]!;
  };
}
