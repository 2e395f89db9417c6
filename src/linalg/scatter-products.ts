import * as tf from '@tensorflow/tfjs-core';
import type { Steps } from '../core/steps';
import { checkEntry, product } from './checked-product';
import { float64Kernel } from './kernels/float64-kernel';
import { addOuterProductsBy } from './kernels/kernel-scatter';
import { normInUnits, ROUND } from './slicing';
import type { Scratch } from './scratch';
import { worthBackend } from './backend-choice';

/**
 * Adds X^T X [D, D] (upper triangle) of rows X [N, D] to `sum`, to nearly float64: by the backend where that is worth
 * it. The rows must be centered already. They and the scratch are read before this first waits.
 */
export async function addScatter(sum: Float64Array, rows: Float64Array, size: number, scratch: Scratch): Promise<void> {
  if (rows.length < 32 * size || !worthBackend(size)) addOuterProducts(sum, rows, size);
  else await addByBackend(sum, rows, size, scratch);
}

/** Multiplications of a step of `addingOuterProducts`, in some 10 ms. */
const AT_ONCE = 2 ** 26;

/** The same as `addOuterProducts`; a step is some rows, eight at least: the kernel brings the sum for each. */
export function* addingOuterProducts(sum: Float64Array, rows: Float64Array, size: number): Steps<void> {
  const most = 8 * Math.max(1, Math.floor(AT_ONCE / (4 * size * size))) * size;
  for (let from = 0; from < rows.length; from += most) {
    addOuterProducts(sum, rows.subarray(from, from + most), size);
    yield;
  }
}

/** X^T X in float64; without wasm four rows at a time: one read and write of the sum for four products. */
export function addOuterProducts(sum: Float64Array, rows: Float64Array, size: number): void {
  const kernel = rows.length >= 8 * size ? float64Kernel() : undefined;
  if (kernel) return addOuterProductsBy(kernel, sum, rows, size);
  let a = 0;
  for (; a + 4 * size <= rows.length; a += 4 * size) {
    const b = a + size;
    const c = b + size;
    const d = c + size;
    for (let i = 0; i < size; i++) {
      const x = rows[a + i]!;
      const y = rows[b + i]!;
      const z = rows[c + i]!;
      const w = rows[d + i]!;
      if (x === 0 && y === 0 && z === 0 && w === 0) continue;
      const to = i * size;
      for (let j = i; j < size; j++) {
        sum[to + j]! += x * rows[a + j]! + y * rows[b + j]! + (z * rows[c + j]! + w * rows[d + j]!);
      }
    }
  }
  for (; a < rows.length; a += size) {
    for (let i = 0; i < size; i++) {
      const x = rows[a + i]!;
      if (x === 0) continue;
      for (let j = i; j < size; j++) sum[i * size + j]! += x * rows[a + j]!;
    }
  }
}

/**
 * X^T X by two float32 products, exact to about 1e-10 of its diagonal; one plain product has 1e-6, which is magnified
 * by the condition number of the covariance (1e4 and more of real features) in every Mahalanobis distance.
 *
 * In units of its own for each column X = A + R: A whole numbers, R the rest, at most 1/2. A^T A is exact
 * (`normInUnits`). What is left, A^T R + R^T A + R^T R = M + M^T with M = (A + R/2)^T R, is so small that its rounding
 * does not matter. (The slices of Ozaki et al., Numerical Algorithms 59, 2012.)
 */
async function addByBackend(sum: Float64Array, rows: Float64Array, size: number, scratch: Scratch): Promise<void> {
  const count = rows.length / size;
  // Few shapes, because kernels are compiled by shape; the rest is zeros. Columns a power of two apart would share
  // cache lines.
  const depth = 2 ** Math.ceil(Math.log2(count)) + TILE;
  const unit = unitsOf(rows, size, depth);
  const { whole, wholeT, middleT, rest } = slice(rows, unit, depth, scratch);
  const ends = [0, size - 1].map((i) => Float64Array.from({ length: count }, (_, k) => whole[k * size + i]!));
  const products = tf.tidy((): [tf.Tensor2D, tf.Tensor2D] => [
    product(tf.tensor2d(wholeT, [size, depth]), tf.tensor2d(whole, [depth, size])),
    product(tf.tensor2d(middleT, [size, depth]), tf.tensor2d(rest, [depth, size])),
  ]);
  try {
    const [a, m] = await Promise.all([products[0].data(), products[1].data()]);
    ends.forEach((column, n) => {
      const i = n * (size - 1);
      checkEntry('addScatter', a[i * size + i]!, count, (k) => column[k]! ** 2);
    });
    for (let i = 0; i < size; i++) {
      for (let j = i; j < size; j++) {
        const at = i * size + j;
        sum[at]! += unit[i]! * unit[j]! * (a[at]! + (m[at]! + m[j * size + i]!));
      }
    }
  } finally {
    tf.dispose(products);
  }
}

/** The unit of each column: its norm is just below 2^12 of them, rounding included. */
function unitsOf(rows: Float64Array, size: number, depth: number): Float64Array {
  const unit = new Float64Array(size);
  for (let from = 0; from < rows.length; from += size) {
    for (let i = 0; i < size; i++) unit[i]! += rows[from + i]! * rows[from + i]!;
  }
  const most = normInUnits(depth);
  return unit.map((square) => Math.sqrt(square) / most || 1);
}

const TILE = 16;

/** A [N, D] and its transpose, (A + R/2)^T and R, tile by tile: a product that is told to transpose is slow on wasm. */
function slice(rows: Float64Array, unit: Float64Array, depth: number, scratch: Scratch) {
  const size = unit.length;
  const count = rows.length / size;
  const per = unit.map((one) => 1 / one);
  const part = (purpose: string) => scratch.float32(purpose, depth * size);
  const [whole, rest, wholeT, middleT] = [part('whole'), part('rest'), part('wholeT'), part('middleT')] as const;
  for (const one of [whole, rest]) one.fill(0, count * size); // the transposed ones may hold what they like there
  for (let from = 0; from < count; from += TILE) {
    const to = Math.min(from + TILE, count);
    for (let i = 0; i < size; i++) {
      const scale = per[i]!;
      for (let row = from; row < to; row++) {
        const value = rows[row * size + i]! * scale;
        const a = value + ROUND - ROUND;
        const r = value - a;
        whole[row * size + i] = a;
        rest[row * size + i] = r;
        wholeT[i * depth + row] = a;
        middleT[i * depth + row] = a + r / 2;
      }
    }
  }
  return { whole, wholeT, middleT, rest };
}
