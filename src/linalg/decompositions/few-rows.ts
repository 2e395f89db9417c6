import type { Pause } from '../../core/pauses';
import { withPauses } from '../../core/steps';
import { makeKernel, withOwnKernel, type SimdKernel } from '../kernels/float64-kernel';
import { productsBy } from '../kernels/kernel-products';
import { PANEL_ROWS, PANEL_STEP, reflectFunctions } from '../kernels/reflect-function';
import { mirroring } from '../mirror';
import { addingOuterProducts } from '../scatter-products';
import { symmetricEigen } from './symmetric-eigen';

/** What rows [N, D], fewer than features, say of the directions about an origin. */
export interface FewRows {
  /** How many directions have more than rounding. */
  rank: number;
  /** Sum of the squared distances to the origin, and to the mean of the rows, over N. */
  moment: number;
  variance: number;
  /** The directions [D, D - k] that are orthogonal to the k of largest second moment; k up to the rank. */
  complement(kept: number): Promise<Float64Array>;
}

/**
 * Principal directions of fewer rows than features by their small Gram matrix Z Z^T [N, N], Z = X - o: with its
 * eigenvectors u and eigenvalues s the directions are Z^T u / sqrt(s). Their complement is what as many reflections
 * make of the other axes, so that it is orthonormal to rounding. O(N^2 D + N^3 + D^2 k) where the moments of all
 * features take O(N D^2 + D^3).
 */
export async function fewRows(rows: Float32Array, origin: Float64Array, pause: Pause): Promise<FewRows> {
  const size = origin.length;
  const count = rows.length / size;
  const [columns, centered] = [new Float32Array(rows.length), new Float64Array(rows.length)];
  for (let i = 0, at = 0; i < size; i++) {
    await pause();
    for (let from = i; from < rows.length; from += size, at++) {
      columns[at] = rows[from]!;
      centered[at] = rows[from]! - origin[i]!;
    }
  }
  const gram = new Float64Array(count * count);
  await withPauses(addingOuterProducts(gram, centered, count), pause);
  await withPauses(mirroring(gram, count), pause);
  const { values, vectors } = await symmetricEigen(gram, count, pause);
  const least = size * 2 ** -52 * values.at(-1)!;
  const total = values.reduce((sum, value) => sum + value, 0);
  let meanSquare = 0; // of the mean of z
  for (let at = 0; at < centered.length; at += count) {
    let sum = 0;
    for (let row = 0; row < count; row++) sum += centered[at + row]!;
    meanSquare += (sum / count) ** 2;
  }

  return {
    rank: values.filter((value) => value > least).length,
    moment: total / count,
    variance: total / count - meanSquare,
    async complement(kept) {
      const weights = await vectors(count - kept, count);
      const ofOrigin = new Float64Array(kept);
      for (let at = 0; at < weights.length; at++) ofOrigin[at % kept]! += weights[at]!;
      const products = await withOwnKernel((lent) => productsBy(lent, weights, [count, kept], columns, pause));
      const directions = Array.from({ length: kept }, (_, k) =>
        Float64Array.from(origin, (value, i) => products[i * kept + k]! - value * ofOrigin[k]!),
      );
      return complementOf(makeKernel(reflectFunctions())!, directions, size, pause);
    },
  };
}

/** An orthonormal basis [D, D - k] of what is orthogonal to k directions. */
async function complementOf(
  kernel: SimdKernel<'reflect'>,
  directions: readonly Float64Array[],
  size: number,
  pause: Pause,
): Promise<Float64Array> {
  const kept = directions.length;
  const [vectors, factors, panel] = kernel.areas(8 * kept * size, 8 * kept, size * PANEL_STEP);
  const inside = kernel.float64(vectors, kept * size).fill(0);
  const factorsInside = kernel.float64(factors, kept);
  const rows = kernel.float64(panel, size * PANEL_ROWS);
  /** Turns the rows in the panel by the first reflections; the kernel goes through the vectors from the last one. */
  const reflectRows = (count: number): void => {
    if (count === 0) return;
    const last = kept - 1;
    kernel.run.reflect(panel, vectors + 8 * last * size, factors + 8 * last, size, count, 8 * size);
  };
  // Direction k is reflected onto the k-th axis from the last; those before its panel reflect eight at once.
  for (let first = 0; first < kept; first += PANEL_ROWS) {
    await pause();
    const own = directions.slice(first, first + PANEL_ROWS);
    own.forEach((one, row) => one.forEach((value, i) => (rows[i * PANEL_ROWS + row] = value)));
    reflectRows(first);
    for (let row = 0; row < own.length; row++) {
      const one = Float64Array.from({ length: size }, (_, i) => rows[i * PANEL_ROWS + row]!);
      for (let k = first; k < first + row; k++) {
        const place = kept - 1 - k;
        reflect(inside.subarray(place * size, (place + 1) * size - k), factorsInside[place]!, one);
      }
      const k = first + row;
      const [last, place] = [size - 1 - k, kept - 1 - k];
      const length = Math.sqrt(dot(one, one, last + 1));
      const end = one[last]!;
      one[last] = end + (end > 0 ? length : -length);
      inside.set(one.subarray(0, last + 1), place * size);
      factorsInside[place] = length > 0 ? 1 / (length * (length + Math.abs(end))) : 0;
    }
  }
  const left = size - kept;
  const basis = new Float64Array(size * left);
  for (let first = 0; first < size; first += PANEL_ROWS) {
    await pause();
    rows.fill(0);
    const now = Math.min(PANEL_ROWS, size - first);
    for (let row = 0; row < now; row++) rows[(first + row) * PANEL_ROWS + row] = 1;
    reflectRows(kept);
    for (let row = 0; row < now; row++) {
      const to = (first + row) * left;
      for (let i = 0; i < left; i++) basis[to + i] = rows[i * PANEL_ROWS + row]!;
    }
  }
  return basis;
}

/** x -= factor (v x) v. */
function reflect(v: Float64Array, factor: number, x: Float64Array): void {
  const times = factor * dot(v, x, v.length);
  for (let i = 0; i < v.length; i++) x[i]! -= times * v[i]!;
}

/** Four sums, because one would wait for itself. */
function dot(x: Float64Array, y: Float64Array, length: number): number {
  let [s, t, u, v] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 4 <= length; i += 4) {
    s += x[i]! * y[i]!;
    t += x[i + 1]! * y[i + 1]!;
    u += x[i + 2]! * y[i + 2]!;
    v += x[i + 3]! * y[i + 3]!;
  }
  for (; i < length; i++) s += x[i]! * y[i]!;
  return s + t + (u + v);
}
