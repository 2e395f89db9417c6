import { ArgumentError } from '../../core/errors';
import type { NearestRows } from './exact-neighbors';
import { centeredRows, neighborBank, scaledRow, scalesOf, squaredDistance } from './neighbor-bank';
import type { NeighborIndex, NeighborIndexMaker } from './neighbor-index';

/**
 * Neighbors that an index proposes; their distances are float64. The index begins to be made at once, and is waited for
 * when needed.
 */
export function indexedNeighbors(
  rows: Float32Array,
  size: number,
  normalized: boolean,
  maker: NeighborIndexMaker,
  saved?: Uint8Array,
): NearestRows & { bytes(): Promise<Uint8Array | undefined> } {
  const count = rows.length / size;
  const made = neighborBank(rows, size, normalized);
  const make = async (): Promise<NeighborIndex> => {
    if (saved && maker.load) return maker.load(saved, size);
    const bank = await made;
    return maker.build(centeredRows(bank, rows, bank.scales), size);
  };
  const index = make();
  index.catch(() => undefined); // said by whoever waits for it
  return {
    async squares(queries, k) {
      const bank = await made;
      const scales = scalesOf(queries, size, normalized);
      const found = await (await index).search(centeredRows(bank, queries, scales), k);
      const squares = new Float64Array(scales.length * k);
      scales.forEach((scale, query) => {
        const places = new Set(found.subarray(query * k, (query + 1) * k));
        if (places.size < k || [...places].some((place) => !(place >= 0 && place < count))) {
          const expected = `one that finds k = ${k} rows (widen its search)`;
          const received = `${[...places].filter((place) => place >= 0 && place < count).length} for row ${query}`;
          throw new ArgumentError('nearestNeighbors', `index '${maker.kind}'`, expected, received);
        }
        const row = scaledRow(queries, query, size, scale);
        const own = Float64Array.from(places, (place) => squaredDistance(bank, place, row)).sort();
        squares.set(own, query * k);
      });
      return squares;
    },
    bytes: async () => (await index).bytes?.(),
    dispose: () => void index.then((made) => made.dispose()).catch(() => undefined),
  };
}
