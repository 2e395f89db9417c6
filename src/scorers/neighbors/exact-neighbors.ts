import { pauses } from '../../core/pauses';
import { centeredRows, neighborBank, scaledRow, scalesOf, squaredDistance, type NeighborBank } from './neighbor-bank';
import { neighborSearch } from './neighbor-search';
import { runningTop } from '../../linalg/running-top';
import { isHalf, roundingUnit } from '../../tensors/precision';

/** Finds the k nearest of a bank. */
export interface NearestRows {
  /** Squared distances [N, k] of queries [N, D] to their k nearest bank rows, ascending in each row. */
  squares(queries: Float32Array, k: number): Promise<Float64Array>;
  dispose(): void;
}

/** Rows that are looked at beyond the k best by float32, so that rounding seldom leaves a doubt. */
const SPARE = 8;
/** Two neighbors whose squared distances differ by less than this share may stand for each other. */
const TIE = 1e-6;

/** A query of which a nearer row may be missing. */
interface Doubt {
  query: number;
  /** In float64. */
  row: Float64Array;
  /** As it is multiplied, and half its squared length. */
  moved: Float32Array;
  half: number;
  /** Squared distance of the k-th of those found. */
  kth: number;
}

/** Half the squared lengths of rows [., D], into as many numbers from `first` on; gives the largest of them. */
function halveSquares(halves: Float64Array, first: number, rows: Float32Array, size: number): number {
  let largest = 0;
  for (let row = first, at = 0; at < rows.length; row++) {
    let sum = 0;
    for (const end = at + size; at < end; at++) sum += rows[at]! * rows[at]!;
    halves[row] = sum / 2;
    largest = Math.max(largest, sum / 2);
  }
  return largest;
}

/**
 * The exact search: float32 products choose k + 8 rows, float64 differences order them. By a bound of the products'
 * rounding error it is known which queries may have lost a neighbor; for those alone the products are looked through
 * again, and every row that could be nearer within the bound is settled in float64. Nothing is made before the first
 * query.
 */
export function exactNeighbors(
  where: string,
  rows: Float32Array,
  size: number,
  normalized: boolean,
  blockSize: number,
): NearestRows {
  const bankRows = rows.length / size;
  let made: Promise<NeighborBank> | undefined;
  let bank: NeighborBank;
  // Known of rows that were multiplied, which one search through the bank does with all.
  const halves = new Float64Array(bankRows);
  let largest = 0;
  const search = neighborSearch(where, moveRows, halves, size, blockSize);
  const unit = roundingUnit();
  // Half floats may take what is below 2^-14 for 0: each product, and each number that is multiplied.
  const lost = isHalf() ? 2 ** -13 * (size + 8) : 0;
  /**
   * Most that a value q . b - |b|^2 / 2 is off: by its sum, and by the rounding of q and b, half of whose squares are
   * given.
   */
  const slack = (queryHalf: number, rowHalf: number) => {
    const [query, row] = [Math.sqrt(2 * queryHalf), Math.sqrt(2 * rowHalf)];
    return unit * (query + row) * ((size + 8) * row + 2 * (query + row)) + lost * (1 + query + row);
  };

  function moveRows(from: number, count: number): Float32Array {
    const moved = centeredRows(bank, rows, bank.scales, from, count);
    largest = Math.max(largest, halveSquares(halves, from, moved, size));
    return moved;
  }

  async function squaresOf(queries: Float32Array, k: number): Promise<Float64Array> {
    bank = await (made ??= neighborBank(rows, size, normalized));
    const scales = scalesOf(queries, size, normalized);
    const moved = centeredRows(bank, queries, scales);
    const queryHalves = new Float64Array(scales.length);
    halveSquares(queryHalves, 0, moved, size);
    const wanted = Math.min(bankRows, k + SPARE);
    const { places, least } = await search.best(moved, wanted);
    const found = new Float64Array(scales.length * k);
    const doubtful: Doubt[] = [];
    const pause = pauses();
    for (const [query, scale] of scales.entries()) {
      await pause();
      const complete = least[query]! > -Infinity; // else products left float32, and the places mean nothing
      const row = scaledRow(queries, query, size, scale);
      const own = new Float64Array(wanted).fill(Infinity);
      if (complete) own.forEach((_, n) => (own[n] = squaredDistance(bank, places[query * wanted + n]!, row)));
      own.sort();
      found.set(own.subarray(0, k), query * k);
      if (complete && wanted === bankRows) continue;
      const [half, kth] = [queryHalves[query]!, own[k - 1]!];
      const othersFrom = 2 * (half - least[query]! - slack(half, largest));
      if (complete && othersFrom >= kth * (1 - TIE)) continue;
      doubtful.push({ query, row, moved: moved.subarray(query * size, (query + 1) * size), half, kth });
    }
    if (doubtful.length > 0) await settle(doubtful, k, found);
    return found;
  }

  /** Looks at every row that could be among the k nearest of the doubtful queries. */
  async function settle(doubtful: readonly Doubt[], k: number, found: Float64Array): Promise<void> {
    const chosen = new Float32Array(doubtful.length * size);
    doubtful.forEach(({ moved }, i) => chosen.set(moved, i * size));
    const tops = doubtful.map(() => runningTop(k)); // of minus the squared distances
    await search.values(chosen, (i, values, from, count, first) => {
      const [{ row, half, kth }, top] = [doubtful[i]!, tops[i]!];
      const atLeast = half - kth / 2;
      for (let j = 0; j < count; j++) {
        const value = values[from + j]!;
        if (value > -Infinity && value + slack(half, halves[first + j]!) < atLeast) continue;
        top.offer(-squaredDistance(bank, first + j, row), first + j);
      }
    });
    doubtful.forEach(({ query }, i) => found.set(tops[i]!.numbers().map(Math.abs).sort(), query * k));
  }

  return { squares: squaresOf, dispose: () => search.dispose() };
}
