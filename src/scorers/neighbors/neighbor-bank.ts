import { pauses } from '../../core/pauses';
import type { Wrong } from '../contract/define-row-scorer';

/** Bank rows, and their distances to queries in float64. */
export interface NeighborBank {
  /** Rows as they came [M, D]. */
  rows: Float32Array;
  size: number;
  count: number;
  /** What each row is multiplied by [M]: 1, or 1 over its length (0 for a zero row). */
  scales: Float64Array;
  /** The mean of the scaled rows [D]. */
  center: Float64Array;
}

/** Rows that are looked at between two pauses. */
const AT_ONCE = 4096;

/** 1 over the length of each row; 0 for a zero row, which has no direction. */
export function inverseLengths(rows: Float32Array, size: number): Float64Array {
  return Float64Array.from({ length: rows.length / size }, (_, row) => {
    let square = 0;
    for (let i = row * size; i < (row + 1) * size; i++) square += rows[i]! * rows[i]!;
    return square === 0 ? 0 : 1 / Math.sqrt(square);
  });
}

/** What rows are multiplied by: 1, or 1 over their length. */
export const scalesOf = (rows: Float32Array, size: number, normalized: boolean): Float64Array =>
  normalized ? inverseLengths(rows, size) : new Float64Array(rows.length / size).fill(1);

/** The bank; keeps `rows` as they are. */
export async function neighborBank(rows: Float32Array, size: number, normalized: boolean): Promise<NeighborBank> {
  const pause = pauses();
  const count = rows.length / size;
  const scales = new Float64Array(count);
  const center = new Float64Array(size);
  for (let first = 0; first < count; first += AT_ONCE) {
    await pause();
    const own = rows.subarray(first * size, (first + AT_ONCE) * size);
    scales.set(scalesOf(own, size, normalized), first);
    addScaled(center, own, scales.subarray(first));
  }
  return { rows, size, count, scales, center: center.map((sum) => sum / count) };
}

function addScaled(sum: Float64Array, rows: Float32Array, scales: Float64Array): void {
  const size = sum.length;
  for (let row = 0, at = 0; at < rows.length; row++) {
    const scale = scales[row]!;
    for (let i = 0; i < size; i++, at++) sum[i]! += rows[at]! * scale;
  }
}

/** Rows, scaled and moved so that the bank's mean is the origin: float32 products of them lose little. */
export function centeredRows(
  { size, center }: NeighborBank,
  rows: Float32Array,
  scales: Float64Array,
  first = 0,
  count = scales.length,
): Float32Array {
  const moved = new Float32Array(count * size);
  for (let row = 0; row < count; row++) {
    const scale = scales[first + row]!;
    for (let i = 0; i < size; i++) moved[row * size + i] = rows[(first + row) * size + i]! * scale - center[i]!;
  }
  return moved;
}

/** A row times its scale, in float64. */
export function scaledRow(rows: Float32Array, row: number, size: number, scale: number): Float64Array {
  const own = new Float64Array(size);
  for (let i = 0; i < size; i++) own[i] = rows[row * size + i]! * scale;
  return own;
}

/** Squared distance of a {@link scaledRow} to a bank row; nothing cancels. */
export function squaredDistance({ rows, scales, size }: NeighborBank, place: number, query: Float64Array): number {
  const [at, scale] = [place * size, scales[place]!];
  let sum = 0;
  for (let i = 0; i < size; i++) {
    const difference = query[i]! - rows[at + i]! * scale;
    sum += difference * difference;
  }
  return sum;
}

/** A saved bank must have the k rows that are asked for. */
export function tooFewRows({ bank }: { bank: Float32Array }, { k }: { k: number }, size: number): Wrong | undefined {
  const rows = bank.length / size;
  if (k <= rows) return undefined;
  return { what: 'options.k', expected: `a whole number from 1 to the ${rows} rows of the bank`, received: k };
}
