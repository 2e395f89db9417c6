import * as tf from '@tensorflow/tfjs-core';
import { atOnce } from '../core/steps';
import { addingNumbers } from './add-numbers';
import { checkEntry, product } from './checked-product';
import type { Pause } from '../core/pauses';
import { float64Kernel, withOwnKernel } from './kernels/float64-kernel';
import { classSumsBy } from './kernels/kernel-scatter';
import { meanOf } from './row-products';
import { onBackend, worthBackend } from './backend-choice';

/** Mean and second moments of a stream of rows [N, D]. */
export interface SecondMoments {
  readonly count: number;
  /**
   * Adds rows: in float64 by wasm; else float32 products of the backend in blocks, or plain float64 for small D. Where
   * it throws, nothing was added.
   */
  add(rows: Float32Array, pause: Pause): Promise<void>;
  /** What was added, to be merged with others; not to be changed. */
  sums(): MomentSums;
  /** Adds the sums of another stream of rows; they stay as they are. */
  merge(other: MomentSums): void;
  /** Mean of (x - o)(x - o)^T [D, D]. */
  about(origin: Float64Array): Float64Array;
  /** Mean squared distance to the mean. */
  variance(): number;
}

/** Sums over rows z = x - center. */
export interface MomentSums {
  count: number;
  /** [D] */
  center: Float64Array;
  /** Of z [D]. */
  sum: Float64Array;
  /** Of z z^T [D, D], upper triangle. */
  products: Float64Array;
}

/**
 * Sums about a center near the data, the mean of the first rows: far from the origin nothing is lost, and the move to
 * another origin is float64. O(N D^2) time, D x D memory.
 */
export function secondMoments(size: number, blockSize: number): SecondMoments {
  const products = new Float64Array(size * size); // upper triangle only
  const sum = new Float64Array(size);
  let center: Float64Array | undefined;
  let count = 0;
  /** Adds sums about the same center. */
  function commit(more: MomentSums): void {
    center ??= more.center;
    atOnce(addingNumbers(products, more.products, 1));
    more.sum.forEach((value, i) => (sum[i]! += value));
    count += more.count;
  }
  return {
    get count() {
      return count;
    },
    async add(rows, pause) {
      if (rows.length === 0) return;
      const middle = center ?? meanOf(rows, size);
      const kernel = worthBackend(size) && onBackend(size * size) ? undefined : float64Kernel();
      if (kernel) {
        const owners = new Int32Array(rows.length / size);
        const own = await withOwnKernel((lent) => classSumsBy(lent, rows, size, owners, middle, pause));
        await pause();
        commit({ count: rows.length / size, center: middle, sum: own.sums, products: own.scatter });
        return;
      }
      const more = { products: new Float64Array(size * size), sum: new Float64Array(size) };
      for (let from = 0; from < rows.length; from += blockSize * size) {
        await pause();
        const block = rows.subarray(from, from + blockSize * size);
        const centered = Float64Array.from(block, (value, i) => value - middle[i % size]!);
        if (onBackend(size * size)) await addFromBackend(more.products, centered, size);
        else addInFloat64(more.products, centered, size);
        centered.forEach((value, i) => (more.sum[i % size]! += value));
      }
      await pause();
      commit({ count: rows.length / size, center: middle, ...more });
    },
    sums: () => ({ count, center: center!, sum, products }),
    merge(other) {
      if (center) return commit(movedTo(center, other));
      commit(other);
    },
    about(origin) {
      const shift = Float64Array.from(origin, (value, i) => center![i]! - value);
      const moments = new Float64Array(size * size);
      for (let i = 0; i < size; i++) {
        for (let j = i; j < size; j++) {
          const crossed = sum[i]! * shift[j]! + sum[j]! * shift[i]!;
          const moment = (products[i * size + j]! + crossed) / count + shift[i]! * shift[j]!;
          moments[i * size + j] = moments[j * size + i] = moment;
        }
      }
      return moments;
    },
    variance: () => sum.reduce((v, s, i) => v + products[i * size + i]! / count - (s / count) ** 2, 0),
  };
}

/**
 * The same sums about another center, d away: sum z z^T + d s^T + s d^T + n d d^T. Both centers are of rows, so that d
 * is no larger than their spread, and nothing is lost far from the origin.
 */
function movedTo(center: Float64Array, { count, center: from, sum, products }: MomentSums): MomentSums {
  const size = center.length;
  const way = from.map((value, i) => value - center[i]!);
  const moved = products.slice();
  for (let i = 0; i < size; i++) {
    const [d, s] = [way[i]!, sum[i]! + count * way[i]!];
    for (let j = i; j < size; j++) moved[i * size + j]! += d * sum[j]! + s * way[j]!;
  }
  return { count, center, sum: sum.map((value, i) => value + count * way[i]!), products: moved };
}

function addInFloat64(products: Float64Array, rows: Float64Array, size: number): void {
  for (let row = 0; row < rows.length; row += size) {
    for (let i = 0; i < size; i++) {
      const value = rows[row + i]!;
      if (value === 0) continue;
      for (let j = i; j < size; j++) products[i * size + j]! += value * rows[row + j]!;
    }
  }
}

async function addFromBackend(products: Float64Array, rows: Float64Array, size: number): Promise<void> {
  const block = tf.tidy(() => {
    const x = tf.tensor2d(Float32Array.from(rows), [rows.length / size, size]);
    return product(tf.transpose(x), x); // a product that is told to transpose is slow on wasm
  });
  try {
    const values = await block.data();
    for (const i of [0, size - 1]) {
      const term = (row: number) => Math.fround(rows[row * size + i]!) ** 2;
      checkEntry('secondMoments', values[i * size + i]!, rows.length / size, term);
    }
    values.forEach((value, i) => (products[i]! += value));
  } finally {
    block.dispose();
  }
}
