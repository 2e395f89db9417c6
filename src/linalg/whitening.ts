import { ArgumentError } from '../core/errors';
import type { Pause } from '../core/pauses';
import { float64Kernel, withOwnKernel } from './kernels/float64-kernel';
import { factorBy, solveRowsBy } from './kernels/kernel-triangle';

/** A symmetric matrix [D, D], such as a covariance. */
export interface SymmetricMatrix {
  readonly data: Float64Array;
  readonly shape: readonly [size: number, size: number];
}

/** A covariance S = L L^T [D, D] as what scoring needs of it; all float64. */
export interface Whitening {
  size: number;
  /** L, lower triangle. L^-1 (x - m) has unit covariance. */
  factor: Float64Array;
  /** log det S. */
  logDeterminant: number;
}

/** Below so many features, or rows, plain loops take no longer than moving the numbers to a kernel and back. */
const [FEW_FEATURES, FEW_ROWS] = [16, 3];

/**
 * L of a covariance S = L L^T, a lower triangle. S is scaled to unit variances first, so that features of any size are
 * treated alike. `whose` goes into the message; `into` holds zeros. O(D^3), D^3 / 3 multiplications.
 *
 * @throws ArgumentError where a feature has no variance, or the rows span no more than a plane
 */
export async function factorOf(
  where: string,
  { data, shape: [size] }: SymmetricMatrix,
  whose: string,
  pause: Pause,
  into = new Float64Array(size * size),
): Promise<Float64Array> {
  const deviations = Float64Array.from({ length: size }, (_, i) => Math.sqrt(data[i * size + i]!));
  const dead = deviations.findIndex((deviation) => !(deviation > 0));
  if (dead >= 0) {
    const few = deviations.every((deviation) => !(deviation > 0));
    throw singular(where, whose, few ? 'rows without any spread' : `no variance in feature ${dead}`, few);
  }
  // What is left of a unit variance after all features before it: below rounding it is nothing.
  const least = 16 * size * 2 ** -52;
  const kernel = size >= FEW_FEATURES ? float64Kernel() : undefined;
  const combined = kernel
    ? await withOwnKernel((lent) => factorBy(lent, into, data, deviations, least, pause))
    : await plainFactor(into, data, deviations, least, pause);
  if (combined >= 0) {
    throw singular(where, whose, `feature ${combined} that is a linear combination of those before it`, false);
  }
  return into;
}

/** As `factorBy`. */
async function plainFactor(
  factor: Float64Array,
  data: Float64Array,
  deviations: Float64Array,
  least: number,
  pause: Pause,
): Promise<number> {
  const size = deviations.length;
  for (let i = 0; i < size; i++) {
    await pause();
    const own = i * size;
    for (let j = 0; j < i; j++) {
      const correlation = data[own + j]! / (deviations[i]! * deviations[j]!);
      factor[own + j] = (correlation - dot(factor, own, factor, j * size, j)) / factor[j * size + j]!;
    }
    const left = 1 - dot(factor, own, factor, own, i);
    if (!(left > least)) return i;
    factor[own + i] = Math.sqrt(left);
  }
  for (let i = 0; i < size; i++) for (let j = 0; j <= i; j++) factor[i * size + j]! *= deviations[i]!;
  return -1;
}

/** Product of `length` numbers from two places; four sums, because one would wait for itself. */
function dot(x: Float64Array, a: number, y: Float64Array, b: number, length: number): number {
  let [s, t, u, v] = [0, 0, 0, 0];
  let k = 0;
  for (; k + 4 <= length; k += 4) {
    s += x[a + k]! * y[b + k]!;
    t += x[a + k + 1]! * y[b + k + 1]!;
    u += x[a + k + 2]! * y[b + k + 2]!;
    v += x[a + k + 3]! * y[b + k + 3]!;
  }
  for (; k < length; k++) s += x[a + k]! * y[b + k]!;
  return s + t + (u + v);
}

function singular(where: string, whose: string, received: string, noSpread: boolean): ArgumentError {
  const remedy = noSpread
    ? 'rows that differ within a class'
    : "one of full rank ('oas' or 'ledoit-wolf' always gives one)";
  return new ArgumentError(where, whose, remedy, received);
}

/** A covariance by its factor L. */
export function whiteningFrom(factor: Float64Array, size: number): Whitening {
  let logDeterminant = 0;
  for (let i = 0; i < size; i++) logDeterminant += 2 * Math.log(factor[i * size + i]!);
  return { size, factor, logDeterminant };
}

/** L^-1 [D, D], a lower triangle; for products of a backend, which cannot solve by L. */
export function inverseOf({ factor, size }: Whitening): Float64Array {
  const kernel = size >= FEW_FEATURES ? float64Kernel() : undefined;
  const inverse = new Float64Array(size * size);
  for (let i = 0; i < size; i++) inverse[i * size + i] = 1;
  if (kernel) {
    solveRowsBy(kernel, factor, size, inverse);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < i; j++) {
        inverse[i * size + j] = inverse[j * size + i]!;
        inverse[j * size + i] = 0;
      }
    }
    return inverse;
  }
  for (let i = 0; i < size; i++) {
    const own = inverse.subarray(i * size, (i + 1) * size);
    const pivot = factor[i * size + i]!;
    for (let k = 0; k < i; k++) {
      const value = factor[i * size + k]!;
      if (value === 0) continue;
      const other = k * size;
      for (let j = 0; j <= k; j++) own[j]! -= value * inverse[other + j]!;
    }
    for (let j = 0; j <= i; j++) own[j]! /= pivot;
  }
  return inverse;
}

/** Standard deviation of each feature [D], by the factor. */
export function deviationsOf({ factor, size }: Whitening): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => Math.hypot(...factor.subarray(i * size, i * size + i + 1)));
}

/** L^-1 x of rows x [N, D], in place, float64. */
export function whiten({ factor, size }: Whitening, rows: Float64Array): Float64Array {
  const kernel = size >= FEW_FEATURES && rows.length >= FEW_ROWS * size ? float64Kernel() : undefined;
  if (kernel) {
    solveRowsBy(kernel, factor, size, rows);
    return rows;
  }
  for (let from = 0; from < rows.length; from += size) {
    for (let i = 0; i < size; i++) {
      rows[from + i] = (rows[from + i]! - dot(factor, i * size, rows, from, i)) / factor[i * size + i]!;
    }
  }
  return rows;
}
