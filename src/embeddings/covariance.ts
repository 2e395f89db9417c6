import { check, OBJECT, oneOf } from '../core/check';
import { ArgumentError } from '../core/errors';
import { atOnce, type Steps } from '../core/steps';
import { traceOf } from '../linalg/trace';

/** How a covariance is estimated; see {@link estimateCovariance}. */
export type CovarianceEstimator = 'oas' | 'ledoit-wolf' | 'empirical';

export const ESTIMATORS: readonly CovarianceEstimator[] = ['oas', 'ledoit-wolf', 'empirical'];

/** Sums over N centered rows z, as a `ClassScatter` gives them. */
export interface Scatter {
  /** N. */
  count: number;
  /** Sum of z z^T [D, D], symmetric. */
  data: Float64Array;
  shape: readonly [size: number, size: number];
  /** Sum of ||z||^4; only the Ledoit-Wolf estimate needs it. */
  fourth?: number;
}

/** A covariance [D, D], and how much of it is the multiple of the identity that it was shrunk towards. */
export interface Covariance {
  data: Float64Array;
  shape: readonly [size: number, size: number];
  /** From 0 (none) to 1. */
  shrinkage: number;
}

/**
 * Covariance S = (1 - s) E + s (tr E / D) I of E = scatter / N, symmetric, float64.
 *
 * `'empirical'`: s = 0. `'oas'`: Chen et al. 2010, for normal rows; from E and N alone. `'ledoit-wolf'`: Ledoit and
 * Wolf 2004, for any rows; needs the sum of ||z||^4. Both are scikit-learn's numbers (`assume_centered=True` on the
 * centered rows). A column without variance counts like any other: shrunk, it gets the variance s tr E / D.
 *
 * Measured on wasm: time grows as D^2.1 (256 to 1,024).
 *
 * @throws ArgumentError for an unknown estimator, no rows, or `'ledoit-wolf'` without `fourth`
 * @example
 * const scatter = { count: 4, data: Float64Array.of(4, 0, 0, 2), shape: [2, 2] as const };
 * estimateCovariance(scatter, 'empirical'); // { data: [1, 0, 0, 0.5], shrinkage: 0, ... }
 */
export function estimateCovariance(scatter: Scatter, estimator: CovarianceEstimator): Covariance {
  return atOnce(estimatingCovariance(scatter, estimator));
}

/** Numbers of a matrix that a step goes through, in a millisecond at most. */
const AT_ONCE = 2 ** 16;

/** The same as {@link estimateCovariance}, in steps of a few milliseconds for pauses between. */
export function* estimatingCovariance(scatter: Scatter, estimator: CovarianceEstimator): Steps<Covariance> {
  const where = 'estimateCovariance';
  check(where, 'scatter', scatter, OBJECT);
  const { count, data, shape } = scatter;
  check(where, 'estimator', estimator, oneOf(...ESTIMATORS));
  if (!(count >= 1)) {
    throw new ArgumentError(where, 'scatter', 'one of at least one row', `${count} rows`);
  }
  const size = shape[0];
  const covariance = data.slice();
  for (let from = 0; from < covariance.length; from += AT_ONCE) {
    yield;
    divide(covariance.subarray(from, from + AT_ONCE), count);
  }
  const mu = traceOf(covariance, size) / size;
  const shrinkage = size === 1 ? 0 : yield* shrinkageOf(where, scatter, covariance, mu, estimator);
  if (shrinkage > 0) {
    for (let from = 0; from < covariance.length; from += AT_ONCE) {
      yield;
      multiply(covariance.subarray(from, from + AT_ONCE), 1 - shrinkage);
    }
    for (let i = 0; i < size; i++) covariance[i * size + i]! += shrinkage * mu;
  }
  return { data: covariance, shape: [size, size], shrinkage };
}

/** Functions of their own that are called often, of which an engine soon makes code. */
function divide(numbers: Float64Array, by: number): void {
  for (let at = 0; at < numbers.length; at++) numbers[at]! /= by;
}

function multiply(numbers: Float64Array, by: number): void {
  for (let at = 0; at < numbers.length; at++) numbers[at]! *= by;
}

/** Goes on with a sum of squares, in units: no under- or overflow. */
function addSquares(sum: number, numbers: Float64Array, unit: number): number {
  for (let at = 0; at < numbers.length; at++) sum += (numbers[at]! / unit) ** 2;
  return sum;
}

function* shrinkageOf(
  where: string,
  { count, fourth, shape: [size] }: Scatter,
  covariance: Float64Array,
  mu: number,
  estimator: CovarianceEstimator,
): Steps<number> {
  if (estimator === 'empirical' || mu === 0) return 0;
  let squares = 0;
  for (let from = 0; from < covariance.length; from += AT_ONCE) {
    yield;
    squares = addSquares(squares, covariance.subarray(from, from + AT_ONCE), mu);
  }
  if (estimator === 'oas') {
    const alpha = squares / size ** 2;
    const least = (count + 1) * (alpha - 1 / size);
    return least > 0 ? Math.min(1, (alpha + 1) / least) : 1;
  }
  if (fourth === undefined) {
    const expected = "a number for 'ledoit-wolf' (keep a scatter for each class)";
    throw new ArgumentError(where, 'scatter.fourth', expected, 'none');
  }
  const delta = (squares - size) / size;
  const beta = Math.min((fourth / mu ** 2 / count - squares) / (size * count), delta);
  return beta > 0 ? Math.min(1, beta / delta) : 0;
}
