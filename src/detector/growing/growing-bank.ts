import { inverseLengths, scaledRow } from '../../scorers/neighbors/neighbor-bank';
import type { GrowingLabel } from './growing-labels';
import type { Pause } from '../../core/pauses';

/** Rows in the order in which they came, and of each its k nearest others. */
export interface GrowingBank {
  readonly k: number;
  readonly normalized: boolean;
  /** Columns; 0 where there is no row. */
  size: number;
  count: number;
  /** A label for each row [M]. */
  labels: GrowingLabel[];
  /** Rows as they came [M, D], with room for more, as in all that follows. */
  rows: Float32Array;
  /** What each row is multiplied by [M]: 1, or 1 over its length (0 for a zero row). */
  scales: Float64Array;
  /** Which rows are the nearest of each [M, K], the nearest first; of equal ones the older. */
  neighbors: Int32Array;
  /** The squares of their distances [M, K]; infinite where there are fewer rows. */
  squares: Float64Array;
}

/** A candidate beside the rows of a bank. */
export interface Judged {
  /** Its distance to its k-th nearest row. */
  score: number;
  /** How many of the M + 1, itself among them, have a score at least as large. */
  reached: number;
  /** Its nearest rows, the nearest first. */
  nearest: Int32Array;
}

/** A bank without rows. */
export function emptyBank(k: number, normalized: boolean): GrowingBank {
  return { k, normalized, size: 0, count: 0, labels: [], ...roomFor(0, 0, k) };
}

const roomFor = (count: number, size: number, k: number) => ({
  rows: new Float32Array(count * size),
  scales: new Float64Array(count),
  neighbors: new Int32Array(count * k),
  squares: new Float64Array(count * k).fill(Infinity),
});

/** Room for `count` rows in all; twice what there was, so that rows one by one are copied twice on average. */
function makeRoom(bank: GrowingBank, count: number): void {
  const { scales, size, k } = bank;
  if (count <= scales.length) return;
  const room = roomFor(Math.max(count, 2 * scales.length, 16), size, k);
  for (const name of ['rows', 'scales', 'neighbors', 'squares'] as const) room[name].set(bank[name]);
  Object.assign(bank, room);
}

/** Puts a row into the k nearest from `at` on. An equal distance comes after those that are there, which are older. */
function insert(squares: Float64Array, neighbors: Int32Array, at: number, k: number, square: number, row: number) {
  let place = at + k;
  while (place > at && square < squares[place - 1]!) place--;
  if (place === at + k) return;
  squares.copyWithin(place + 1, place, at + k - 1);
  neighbors.copyWithin(place + 1, place, at + k - 1);
  squares[place] = square;
  neighbors[place] = row;
}

/**
 * Squared distance of a scaled row to one of the bank: the same bits from either side. Four sums, because one would
 * wait for itself.
 */
function squareTo({ rows, scales, size }: GrowingBank, place: number, query: Float64Array): number {
  const [at, scale] = [place * size, scales[place]!];
  let [a, b, c, d] = [0, 0, 0, 0];
  const end = size - (size % 4);
  for (let i = 0; i < end; i += 4) {
    const first = query[i]! - rows[at + i]! * scale;
    const second = query[i + 1]! - rows[at + i + 1]! * scale;
    const third = query[i + 2]! - rows[at + i + 2]! * scale;
    const fourth = query[i + 3]! - rows[at + i + 3]! * scale;
    a += first * first;
    b += second * second;
    c += third * third;
    d += fourth * fourth;
  }
  for (let i = end; i < size; i++) {
    const difference = query[i]! - rows[at + i]! * scale;
    a += difference * difference;
  }
  return a + b + (c + d);
}

/** Appends a row without a look for neighbors. */
function append(bank: GrowingBank, row: Float32Array, label: GrowingLabel): void {
  const { rows, scales, count, size, normalized } = bank;
  rows.set(row, count * size);
  scales[count] = normalized ? inverseLengths(row, size)[0]! : 1;
  bank.labels.push(label);
  bank.count++;
}

/** Adds a row: M distances, each of which may be among the nearest of both. */
export function addRow(bank: GrowingBank, row: Float32Array, label: GrowingLabel): void {
  bank.size = row.length;
  makeRoom(bank, bank.count + 1);
  append(bank, row, label);
  const { squares, neighbors, k } = bank;
  const own = bank.count - 1;
  const query = scaledRow(row, 0, bank.size, bank.scales[own]!);
  for (let other = 0; other < own; other++) {
    const square = squareTo(bank, other, query);
    insert(squares, neighbors, other * k, k, square, own);
    insert(squares, neighbors, own * k, k, square, other);
  }
}

/** What brings a bank back to what it is now, after rows were added. */
export function keptBank(bank: GrowingBank): () => void {
  const { size, count, neighbors, squares, rows, scales } = bank;
  const own = { size, count, rows, scales, neighbors: neighbors.slice(), squares: squares.slice() };
  return () => {
    bank.labels.length = count;
    Object.assign(bank, own);
  };
}

/** The bank as it is now, whatever becomes of it: rows that are there are never written again, their neighbors are. */
export const copiedBank = (bank: GrowingBank): GrowingBank => ({
  ...bank,
  labels: bank.labels.slice(),
  neighbors: bank.neighbors.slice(),
  squares: bank.squares.slice(),
});

/** A bank of the rows with other labels. Only where a row was among the nearest of another are those sought anew. */
export async function withoutLabel(bank: GrowingBank, label: GrowingLabel, pause: Pause): Promise<GrowingBank> {
  const { k, normalized, size } = bank;
  const kept = [...bank.labels.keys()].filter((row) => bank.labels[row] !== label);
  const left = emptyBank(k, normalized);
  if (kept.length === 0) return left;
  left.size = size;
  makeRoom(left, kept.length);
  const places = new Int32Array(bank.count).fill(-1);
  kept.forEach((row, place) => {
    places[row] = place;
    append(left, bank.rows.subarray(row * size, (row + 1) * size), bank.labels[row]!);
  });
  for (const [place, row] of kept.entries()) {
    const found = Math.min(k, bank.count - 1);
    const own = bank.neighbors.subarray(row * k, row * k + found).map((one) => places[one]!);
    if (own.includes(-1)) {
      await pause();
      seekNeighbors(left, place);
    } else {
      left.neighbors.set(own, place * k);
      left.squares.set(bank.squares.subarray(row * k, row * k + found), place * k);
    }
  }
  return left;
}

function seekNeighbors(bank: GrowingBank, own: number): void {
  const { rows, scales, size, count, squares, neighbors, k } = bank;
  const query = scaledRow(rows, own, size, scales[own]!);
  for (let other = 0; other < count; other++) {
    if (other !== own) insert(squares, neighbors, own * k, k, squareTo(bank, other, query), other);
  }
}

/**
 * A saved bank: rows and the nearest of each, whose distances come again, bit for bit.
 *
 * @param neighbors [M, min(k, M - 1)]
 */
export function bankOf(
  { k, normalized, size }: Pick<GrowingBank, 'k' | 'normalized' | 'size'>,
  rows: Float32Array,
  labels: readonly GrowingLabel[],
  neighbors: Int32Array,
): GrowingBank {
  const bank = emptyBank(k, normalized);
  if (labels.length === 0) return bank;
  bank.size = size;
  makeRoom(bank, labels.length);
  labels.forEach((label, row) => append(bank, rows.subarray(row * size, (row + 1) * size), label));
  const found = neighbors.length / labels.length;
  for (let row = 0; row < bank.count; row++) {
    const query = scaledRow(rows, row, size, bank.scales[row]!);
    for (let i = 0; i < found; i++) {
      const other = neighbors[row * found + i]!;
      bank.neighbors[row * k + i] = other;
      bank.squares[row * k + i] = squareTo(bank, other, query);
    }
  }
  return bank;
}

/** How strange a row [D] is beside the bank, each of whose rows has it among its possible neighbors, too. */
export function judge(bank: GrowingBank, row: Float32Array, votes: number): Judged {
  const { k, normalized, size, count, squares } = bank;
  const query = scaledRow(row, 0, size, normalized ? inverseLengths(row, size)[0]! : 1);
  const most = Math.max(k, Math.min(votes, count));
  const [nearest, nearestSquares] = [new Int32Array(most), new Float64Array(most).fill(Infinity)];
  const distances = new Float64Array(count);
  for (let other = 0; other < count; other++) {
    distances[other] = squareTo(bank, other, query);
    insert(nearestSquares, nearest, 0, most, distances[other]!, other);
  }
  const own = nearestSquares[k - 1]!;
  let reached = 1;
  for (let other = 0; other < count; other++) {
    // The k-th smallest of those that the row has and this one.
    const [last, before] = [squares[other * k + k - 1]!, k > 1 ? squares[other * k + k - 2]! : 0];
    if (Math.max(before, Math.min(last, distances[other]!)) >= own) reached++;
  }
  return { score: Math.sqrt(own), reached, nearest: nearest.subarray(0, Math.min(votes, count)) };
}
