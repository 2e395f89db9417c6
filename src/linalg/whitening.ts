import { ArgumentError } from '../core/errors';

/** A symmetric matrix [D, D], such as a covariance. */
export interface SymmetricMatrix {
  readonly data: Float64Array;
  readonly shape: readonly [size: number, size: number];
}

/** A covariance S = L L^T [D, D] as what scoring needs of it; all float64. */
export interface Whitening {
  size: number;
  /** L, lower triangle. */
  factor: Float64Array;
  /** L^-1, lower triangle: L^-1 (x - m) has unit covariance. */
  inverse: Float64Array;
  /** log det S. */
  logDeterminant: number;
}

/**
 * L of a covariance S = L L^T, a lower triangle. S is scaled to unit variances first, so that features of any size are
 * treated alike. `whose` goes into the message.
 *
 * @throws ArgumentError where a feature has no variance, or the rows span no more than a plane
 */
export function factorOf(where: string, { data, shape: [size] }: SymmetricMatrix, whose: string): Float64Array {
  const deviations = Float64Array.from({ length: size }, (_, i) => Math.sqrt(data[i * size + i]!));
  const dead = deviations.findIndex((deviation) => !(deviation > 0));
  if (dead >= 0) {
    const few = deviations.every((deviation) => !(deviation > 0));
    throw singular(where, whose, few ? 'rows without any spread' : `no variance in feature ${dead}`, few);
  }
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    const own = i * size;
    for (let j = 0; j < i; j++) {
      const correlation = data[own + j]! / (deviations[i]! * deviations[j]!);
      factor[own + j] = (correlation - dot(factor, own, j * size, j)) / factor[j * size + j]!;
    }
    // What is left of a unit variance after all features before it: below rounding it is nothing.
    const left = 1 - dot(factor, own, own, i);
    if (!(left > 16 * size * 2 ** -52)) {
      throw singular(where, whose, `feature ${i} that is a linear combination of those before it`, false);
    }
    factor[own + i] = Math.sqrt(left);
  }
  for (let i = 0; i < size; i++) for (let j = 0; j <= i; j++) factor[i * size + j]! *= deviations[i]!;
  return factor;
}

/** Product of `length` numbers from two places; four sums, because one would wait for itself. */
function dot(numbers: Float64Array, a: number, b: number, length: number): number {
  let [s, t, u, v] = [0, 0, 0, 0];
  let k = 0;
  for (; k + 4 <= length; k += 4) {
    s += numbers[a + k]! * numbers[b + k]!;
    t += numbers[a + k + 1]! * numbers[b + k + 1]!;
    u += numbers[a + k + 2]! * numbers[b + k + 2]!;
    v += numbers[a + k + 3]! * numbers[b + k + 3]!;
  }
  for (; k < length; k++) s += numbers[a + k]! * numbers[b + k]!;
  return s + t + (u + v);
}

function singular(where: string, whose: string, received: string, noSpread: boolean): ArgumentError {
  const remedy = noSpread
    ? 'rows that differ within a class'
    : "one of full rank ('oas' or 'ledoit-wolf' always gives one)";
  return new ArgumentError(where, whose, remedy, received);
}

/** A covariance by its factor L; always the same bits. */
export function whiteningFrom(factor: Float64Array, size: number): Whitening {
  const inverse = new Float64Array(size * size);
  let logDeterminant = 0;
  for (let i = 0; i < size; i++) {
    const own = inverse.subarray(i * size, (i + 1) * size);
    const pivot = factor[i * size + i]!;
    for (let k = 0; k < i; k++) {
      const value = factor[i * size + k]!;
      if (value === 0) continue;
      const other = k * size;
      for (let j = 0; j <= k; j++) own[j]! -= value * inverse[other + j]!;
    }
    own[i] = 1;
    for (let j = 0; j <= i; j++) own[j]! /= pivot;
    logDeterminant += 2 * Math.log(pivot);
  }
  return { size, factor, inverse, logDeterminant };
}

/** Standard deviation of each feature [D], by the factor. */
export function deviationsOf({ factor, size }: Whitening): Float64Array {
  return Float64Array.from({ length: size }, (_, i) => Math.hypot(...factor.subarray(i * size, i * size + i + 1)));
}

/** L^-1 v in float64. */
export function whiten({ inverse, size }: Whitening, vector: Float64Array): Float64Array {
  const whitened = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let j = 0; j <= i; j++) sum += inverse[i * size + j]! * vector[j]!;
    whitened[i] = sum;
  }
  return whitened;
}
