import { seededRandom } from '../../core/random';

/** A uniform sample of a stream of rows [N, D]. */
export interface RowSample {
  add(rows: Float32Array): void;
  /** The rows kept [min(N, limit), D]. */
  rows(): Float32Array;
}

/** Rows that get room at once, where a block has fewer. */
const ROOM = 1024;

/**
 * Reservoir sampling (Vitter's algorithm R): `limit` rows, all while there are no more; blocks of any size give the
 * same. Rows lie in pieces, the first as large as the first block: of one block there is no second copy.
 */
export function rowSample(size: number, limit: number, seed: number): RowSample {
  const random = seededRandom(seed);
  const pieces: { first: number; data: Float32Array }[] = [];
  let [seen, room] = [0, 0];

  function put(rows: Float32Array, at: number): void {
    let piece = pieces.length - 1;
    while (pieces[piece]!.first > at) piece--;
    const { first, data } = pieces[piece]!;
    data.set(rows, (at - first) * size);
  }

  return {
    add(rows) {
      const count = rows.length / size;
      const fresh = Math.min(count, Math.max(0, limit - seen));
      for (let at = 0; at < fresh;) {
        if (seen === room) {
          const more = Math.min(limit - room, pieces.length === 0 ? fresh : Math.max(ROOM, fresh - at));
          pieces.push({ first: room, data: new Float32Array(more * size) });
          room += more;
        }
        const now = Math.min(fresh - at, room - seen);
        put(rows.subarray(at * size, (at + now) * size), seen);
        at += now;
        seen += now;
      }
      for (let row = fresh; row < count; row++) {
        const at = random.integer(++seen);
        if (at < limit) put(rows.subarray(row * size, (row + 1) * size), at);
      }
    },
    rows() {
      const kept = Math.min(seen, limit);
      if (pieces.length === 1 && kept === room) return pieces[0]!.data;
      const all = new Float32Array(kept * size);
      pieces.forEach(({ first, data }) => all.set(data.subarray(0, (kept - first) * size), first * size));
      return all;
    },
  };
}
