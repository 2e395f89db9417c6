import * as tf from '@tensorflow/tfjs-core';
import { rowsInPart } from '../tensors/backend-room';
import { checkEntry, product } from './checked-product';
import { keptTensors } from '../tensors/kept-tensors';
import { onBackend } from './backend-choice';

/** Rows times a fixed matrix. */
export interface RowProducts {
  /** X W [N, C] of rows X [N, D]. */
  of(rows: Float32Array): Promise<Float64Array>;
  /** Frees the matrix on the backend. */
  dispose(): void;
}

/**
 * Products of rows with a matrix W [D, C]: float64 where W is small, else float32 on the backend, `blockSize` rows at a
 * time. There the mean of the block is taken off first and its product added in float64, so that only the scatter of
 * the rows is rounded, not their distance from the origin. Where the backend has half precision it is float64 always.
 */
export function rowProducts(
  where: string,
  matrix: Float32Array | Float64Array,
  [size, width]: readonly [number, number],
  blockSize: number,
): RowProducts {
  const kept = keptTensors(where, () => ({ tensor: tf.tensor2d(Float32Array.from(matrix), [size, width]) }));
  return {
    async of(rows) {
      if (!onBackend(size * width)) return inFloat64(matrix, [size, width], rows);
      return inBlocks(where, matrix, kept.get().tensor, rows, blockSize);
    },
    dispose: () => kept.dispose(),
  };
}

function inFloat64(
  matrix: Float32Array | Float64Array,
  [size, width]: readonly [number, number],
  rows: Float32Array | Float64Array,
): Float64Array {
  const count = rows.length / size;
  const products = new Float64Array(count * width);
  for (let row = 0; row < count; row++) {
    const to = row * width;
    for (let i = 0; i < size; i++) {
      const value = rows[row * size + i]!;
      if (value === 0) continue;
      for (let c = 0; c < width; c++) products[to + c]! += value * matrix[i * width + c]!;
    }
  }
  return products;
}

async function inBlocks(
  where: string,
  matrix: Float32Array | Float64Array,
  tensor: tf.Tensor2D,
  rows: Float32Array,
  blockSize: number,
): Promise<Float64Array> {
  const [size, width] = tensor.shape;
  const count = rows.length / size;
  const all = new Float64Array(count * width);
  // Every block has the same size: kernels are compiled and cached by shape. What is left over in the last one is not
  // read.
  const blockRows = rowsInPart(Math.min(blockSize, count), width);
  const block = new Float32Array(blockRows * size);
  for (let first = 0; first < count; first += blockRows) {
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
  for (let i = 0; i < rows.length; i++) mean[i % size]! += rows[i]! / count;
  return mean.map(Math.fround);
}
