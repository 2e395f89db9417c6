import * as tf from '@tensorflow/tfjs-core';
import { rowsInPart } from '../tensors/backend-room';
import { checkEntry, product } from './checked-product';
import { keptTensors } from '../tensors/kept-tensors';
import { pauses, type Pause } from '../core/pauses';
import { float64Kernel, withOwnKernel } from './kernels/float64-kernel';
import { productsBy } from './kernels/kernel-products';
import { residentMatrix } from './kernels/resident-matrix';
import { onBackend, worthBackend } from './backend-choice';

/** Rows times a fixed matrix. */
export interface RowProducts {
  /** X W [N, C] of rows X [N, D]. */
  of(rows: Float32Array, pause?: Pause): Promise<Float64Array>;
  /** Frees the matrix on the backend. */
  dispose(): void;
}

/** So many rows are multiplied by a matrix that stays in a kernel: to bring it into the lent one takes longer. */
const FEW = 4;

/**
 * Products of rows with a matrix W [D, C]: float64 by wasm, or where W is small; float32 on a GPU, `blockSize` rows at
 * a time. There the mean of the block is taken off first and its product added in float64, so that only the scatter of
 * the rows is rounded, not their distance from the origin. Where the backend has half precision it is float64 always.
 */
export function rowProducts(
  where: string,
  matrix: Float32Array | Float64Array,
  [size, width]: readonly [number, number],
  blockSize: number,
): RowProducts {
  const kept = keptTensors(where, () => ({ tensor: tf.tensor2d(Float32Array.from(matrix), [size, width]) }));
  const float64 = matrix instanceof Float64Array ? matrix : new Float64Array(matrix);
  let resident: ReturnType<typeof residentMatrix>; // as large as the matrix: when first needed
  return {
    async of(rows, pause = pauses()) {
      const wide = onBackend(size * width);
      const kernel = wide && worthBackend(size) ? undefined : float64Kernel();
      if (kernel && rows.length > FEW * size) {
        return withOwnKernel((lent) => productsBy(lent, float64, [size, width], rows, pause));
      }
      if (kernel && wide && (resident ??= residentMatrix(float64, [size, width]))) {
        const products = new Float64Array((rows.length / size) * width);
        for (let row = 0; row * size < rows.length; row++) {
          products.set(resident(rows.subarray(row * size, (row + 1) * size)), row * width);
        }
        return products;
      }
      if (kernel || !wide) return inParts(float64, [size, width], rows, pause);
      return inBlocks(where, float64, kept.get().tensor, rows, blockSize, pause);
    },
    dispose() {
      kept.dispose();
      resident = undefined;
    },
  };
}

/** Multiplications between two pauses, in some 10 ms. */
const AT_ONCE = 2 ** 23;

async function inParts(
  matrix: Float64Array,
  shape: readonly [number, number],
  rows: Float32Array,
  pause: Pause,
): Promise<Float64Array> {
  const [size, width] = shape;
  const most = Math.max(1, Math.floor(AT_ONCE / (size * width))) * size;
  if (rows.length <= most) return inFloat64(matrix, shape, rows);
  const products = new Float64Array((rows.length / size) * width);
  for (let from = 0; from < rows.length; from += most) {
    await pause();
    products.set(inFloat64(matrix, shape, rows.subarray(from, from + most)), (from / size) * width);
  }
  return products;
}

/** Four numbers of a row at a time: one read and write of the sums for four products. */
function inFloat64(
  matrix: Float64Array,
  [size, width]: readonly [number, number],
  rows: Float32Array | Float64Array,
): Float64Array {
  const count = rows.length / size;
  const products = new Float64Array(count * width);
  for (let row = 0; row < count; row++) {
    const own = products.subarray(row * width, (row + 1) * width);
    let [i, at] = [0, row * size];
    for (; i + 4 <= size; i += 4, at += 4) {
      const [x, y, z, w] = [rows[at]!, rows[at + 1]!, rows[at + 2]!, rows[at + 3]!];
      if (x === 0 && y === 0 && z === 0 && w === 0) continue;
      const a = i * width;
      const [b, c, d] = [a + width, a + 2 * width, a + 3 * width];
      for (let j = 0; j < width; j++) {
        own[j]! += x * matrix[a + j]! + y * matrix[b + j]! + (z * matrix[c + j]! + w * matrix[d + j]!);
      }
    }
    for (; i < size; i++, at++) {
      const value = rows[at]!;
      for (let j = 0; j < width; j++) own[j]! += value * matrix[i * width + j]!;
    }
  }
  return products;
}

async function inBlocks(
  where: string,
  matrix: Float64Array,
  tensor: tf.Tensor2D,
  rows: Float32Array,
  blockSize: number,
  pause: Pause,
): Promise<Float64Array> {
  const [size, width] = tensor.shape;
  const count = rows.length / size;
  const all = new Float64Array(count * width);
  // Every block has the same size: kernels are compiled and cached by shape. What is left over in the last one is not
  // read.
  const blockRows = rowsInPart(Math.min(blockSize, count), width);
  const block = new Float32Array(blockRows * size);
  for (let first = 0; first < count; first += blockRows) {
    await pause();
    const own = rows.subarray(first * size, Math.min(first + blockRows, count) * size);
    const center = meanOf(own, size);
    for (let i = 0; i < own.length; i++) block[i] = own[i]! - center[i % size]!;
    const fromOrigin = inFloat64(matrix, [size, width], center);
    const products = tf.tidy(() => product(tf.tensor2d(block, [blockRows, size]), tensor));
    try {
      const numbers = await products.data();
      const last = own.length / size - 1;
      for (const [row, column] of [
        [0, 0],
        [last, width - 1],
      ] as const) {
        const term = (i: number) => block[row * size + i]! * Math.fround(matrix[i * width + column]!);
        checkEntry(where, numbers[row * width + column]!, size, term);
      }
      const end = (last + 1) * width;
      for (let i = 0; i < end; i++) all[first * width + i] = numbers[i]! + fromOrigin[i % width]!;
    } finally {
      products.dispose();
    }
  }
  return all;
}

/** Mean of the rows [D], as float32 numbers. */
export function meanOf(rows: Float32Array, size: number): Float64Array {
  const mean = new Float64Array(size);
  const count = rows.length / size;
  for (let from = 0; from < rows.length; from += size) {
    for (let i = 0; i < size; i++) mean[i]! += rows[from + i]! / count;
  }
  return mean.map(Math.fround);
}
