import type { Pause } from '../../core/pauses';

/** R of a QR decomposition with column pivoting, and what it takes to apply Q. */
interface PivotedQr {
  /** Column k as a row [., length]: R above the diagonal, the Householder vector from it on. */
  columns: Float64Array;
  diagonal: Float64Array;
  factors: Float64Array;
  /** Which column is at place k. */
  order: Int32Array;
  rank: number;
}

/** C D min(C, D) from which a way by the float64 kernel is tried. */
const LARGE = 2 ** 20;

/**
 * The smallest x [D] of those that make ||A x - b|| least, for A [C, D] of any rank; float64.
 *
 * A^T P = Q R by Householder reflections with column pivoting, then x = Q z for the z that makes ||P R^T z - b|| least,
 * by another decomposition (a complete orthogonal one: Golub, Van Loan, Matrix Computations, 5.5.6). O(C D min(C, D)).
 * What is left of a column below max(C, D) 2^-52 of the largest is taken for rounding. Large ones that are well
 * determined by `leastNormByGram`.
 */
export async function leastNorm(
  matrix: Float64Array,
  [count, size]: readonly [number, number],
  b: Float64Array,
  pause: Pause,
): Promise<Float64Array> {
  if (count * size * Math.min(count, size) > LARGE) {
    const { leastNormByGram } = await import('./least-norm-by-gram');
    const x = await leastNormByGram(matrix, [count, size], b, pause);
    if (x) return x;
  }
  const { columns, diagonal, factors, order, rank } = await pivotedQr(matrix.slice(), count, size, pause);
  // R^T by columns: rank of them, each as long as A has rows.
  const rest = new Float64Array(rank * count);
  for (let k = 0; k < rank; k++) {
    await pause();
    for (let c = k; c < count; c++) rest[k * count + c] = c === k ? diagonal[k]! : columns[c * size + k]!;
  }
  const target = Float64Array.from(order, (from) => b[from]!);
  const inner = await pivotedQr(rest, rank, count, pause);
  for (let k = 0; k < inner.rank; k++) reflect(inner.columns, k * count, inner.factors[k]!, target, 0, k, count);
  const z = new Float64Array(size);
  for (let k = inner.rank - 1; k >= 0; k--) {
    let value = target[k]!;
    for (let c = k + 1; c < inner.rank; c++) value -= inner.columns[c * count + k]! * z[inner.order[c]!]!;
    z[inner.order[k]!] = value / inner.diagonal[k]!;
  }
  for (let k = rank - 1; k >= 0; k--) reflect(columns, k * size, factors[k]!, z, 0, k, size);
  return z;
}

/** Of the matrix whose `count` columns, each of `length`, lie one after the other in `columns`, which change. */
async function pivotedQr(columns: Float64Array, count: number, length: number, pause: Pause): Promise<PivotedQr> {
  const most = Math.min(count, length);
  const [diagonal, factors] = [new Float64Array(most), new Float64Array(most)];
  const order = Int32Array.from({ length: count }, (_, c) => c);
  const squares = Float64Array.from({ length: count }, (_, c) => square(columns, c * length, 0, length));
  const fresh = squares.slice();
  let largest = 0;
  for (let k = 0; k < most; k++) {
    await pause();
    let pivot = k;
    for (let c = k + 1; c < count; c++) if (squares[c]! > squares[pivot]!) pivot = c;
    if (pivot !== k) {
      const [a, b] = [k * length, pivot * length];
      for (let i = 0; i < length; i++) [columns[a + i], columns[b + i]] = [columns[b + i]!, columns[a + i]!];
      for (const list of [order, squares, fresh]) [list[k], list[pivot]] = [list[pivot]!, list[k]!];
    }
    const at = k * length;
    const norm = Math.sqrt(square(columns, at, k, length));
    if (k === 0) largest = norm;
    if (!(norm > Math.max(count, length) * 2 ** -52 * largest)) return { columns, diagonal, factors, order, rank: k };
    const own = columns[at + k]!;
    diagonal[k] = own > 0 ? -norm : norm;
    columns[at + k] = own - diagonal[k]!;
    factors[k] = 1 / (norm * (norm + Math.abs(own)));
    for (let c = k + 1; c < count; c++) {
      if (c % 64 === 0) await pause();
      reflect(columns, at, factors[k]!, columns, c * length, k, length);
      squares[c]! -= columns[c * length + k]! ** 2;
      // So many digits have gone that what is left is counted anew.
      if (squares[c]! > 1e-6 * fresh[c]!) continue;
      squares[c] = fresh[c] = square(columns, c * length, k + 1, length);
    }
  }
  return { columns, diagonal, factors, order, rank: most };
}

function square(numbers: Float64Array, at: number, from: number, to: number): number {
  let sum = 0;
  for (let i = at + from; i < at + to; i++) sum += numbers[i]! * numbers[i]!;
  return sum;
}

/** x -= factor (v x) v from place `from` on; four sums, because one would wait for itself. */
function reflect(v: Float64Array, vAt: number, factor: number, x: Float64Array, xAt: number, from: number, to: number) {
  let [s, t, u, w] = [0, 0, 0, 0];
  let i = from;
  for (; i + 4 <= to; i += 4) {
    s += v[vAt + i]! * x[xAt + i]!;
    t += v[vAt + i + 1]! * x[xAt + i + 1]!;
    u += v[vAt + i + 2]! * x[xAt + i + 2]!;
    w += v[vAt + i + 3]! * x[xAt + i + 3]!;
  }
  for (; i < to; i++) s += v[vAt + i]! * x[xAt + i]!;
  const times = factor * (s + t + (u + w));
  for (let j = from; j < to; j++) x[xAt + j]! -= times * v[vAt + j]!;
}
