import { CholeskyDecomposition, Matrix } from 'ml-matrix';
import type { Covariance } from '../embeddings/covariance';
import { ArgumentError } from '../errors';

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
 * Factors a covariance. It is scaled to unit variances first, so that features of any size are treated alike.
 * `whose` goes into the message.
 *
 * @throws ArgumentError where a feature has no variance, or the rows span no more than a plane
 */
export function whiteningOf(where: string, { data, shape: [size] }: Covariance, whose: string): Whitening {
  const deviations = Float64Array.from({ length: size }, (_, i) => Math.sqrt(data[i * size + i]!));
  const dead = deviations.findIndex((deviation) => !(deviation > 0));
  if (dead >= 0) {
    const few = deviations.every((deviation) => !(deviation > 0));
    throw singular(where, whose, few ? 'rows without any spread' : `no variance in feature ${dead}`, few);
  }
  const correlation = Matrix.zeros(size, size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) correlation.set(i, j, data[i * size + j]! / (deviations[i]! * deviations[j]!));
  }
  const lower = new CholeskyDecomposition(correlation).lowerTriangularMatrix;
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    // What is left of a unit variance after all features before it: below rounding it is nothing.
    if (!(lower.get(i, i) ** 2 > 16 * size * 2 ** -52)) {
      throw singular(where, whose, `feature ${i} that is a linear combination of those before it`, false);
    }
    for (let j = 0; j <= i; j++) factor[i * size + j] = lower.get(i, j) * deviations[i]!;
  }
  return whiteningFrom(factor, size);
}

function singular(where: string, whose: string, received: string, noSpread: boolean): ArgumentError {
  const remedy = noSpread
    ? 'rows that differ within a class'
    : "one of full rank ('oas' or 'ledoit-wolf' always gives one)";
  return new ArgumentError({ where, what: whose, expected: remedy, received });
}

/** The rest of it from its factor L; always the same bits. */
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
