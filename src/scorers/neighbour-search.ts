import * as tf from '@tensorflow/tfjs-core';
import { oneBackend } from '../one-backend';
import { runningTop } from './running-top';

/** Sees the values of one query with bank rows `first` to `first + count - 1`: `values[from]` and those after it. */
export type SeeValues = (query: number, values: Float32Array, from: number, count: number, first: number) => void;

/** Values q . b - bias_b of queries with all bank rows, in blocks. */
export interface NeighbourSearch {
  /** Shows all values of each query [N, D], block by block of the bank. */
  values(queries: Float32Array, see: SeeValues): Promise<void>;
  /** The k largest values of each query: places [N, k] in the bank, in no order, and the least of the k values [N]. */
  best(queries: Float32Array, k: number): Promise<{ places: Int32Array; least: Float64Array }>;
  /** Frees the bank on the backend. */
  dispose(): void;
}

/** Bank rows that are multiplied at once: a block of products stays in a processor's cache while it is looked through. */
const BANK_ROWS = 1024;

/**
 * Search by blocked matrix products on the backend; every product is looked at once on the CPU side. Memory: the bank (wasm keeps
 * it packed too), and `queryRows` x 1024 products.
 *
 * @param rowsOf bank rows [count, D] from `from` on, as float32; asked for once each
 * @param bias [M]; with half the squared lengths the largest values are those of the nearest
 * @param queryRows queries that are multiplied at once
 */
export function neighbourSearch(
  where: string,
  rowsOf: (from: number, count: number) => Float32Array,
  bias: ArrayLike<number>,
  size: number,
  queryRows: number,
): NeighbourSearch {
  const wide = size + 1; // one more number a row: -bias in the bank, 1 in the queries, so that the product has it in
  const blocks: tf.Tensor2D[] = []; // transposed: products with a transpose are slow on wasm
  const dispose = () => tf.dispose(blocks.splice(0));
  try {
    for (let from = 0; from < bias.length; from += BANK_ROWS) {
      const count = Math.min(BANK_ROWS, bias.length - from);
      const own = withColumn(rowsOf(from, count), size, (row) => -bias[from + row]!);
      blocks.push(tf.tidy(() => tf.keep(tf.transpose(tf.tensor2d(own, [count, wide])))));
    }
  } catch (error) {
    dispose();
    throw error;
  }

  const checkBackend = oneBackend();

  async function valuesOf(queries: Float32Array, see: SeeValues): Promise<void> {
    const count = queries.length / size;
    // Few sizes of blocks: kernels are compiled and cached by shape. Rows that only fill up are not read.
    const blockRows = Math.min(queryRows, 2 ** Math.ceil(Math.log2(Math.max(1, count))));
    for (let first = 0; first < count; first += blockRows) {
      const rows = Math.min(blockRows, count - first);
      const filled = new Float32Array(blockRows * wide);
      filled.set(withColumn(queries.subarray(first * size, (first + rows) * size), size, () => 1));
      checkBackend(where);
      const block = tf.tensor2d(filled, [blockRows, wide]);
      try {
        let offset = 0;
        for (const own of blocks) {
          const width = own.shape[1];
          const products = tf.matMul(block, own);
          try {
            const values = await products.data<'float32'>();
            for (let row = 0; row < rows; row++) see(first + row, values, row * width, width, offset);
          } finally {
            products.dispose();
          }
          offset += width;
        }
      } finally {
        block.dispose();
      }
    }
  }

  return {
    values: valuesOf,
    async best(queries, k) {
      const count = queries.length / size;
      const [places, least] = [new Int32Array(count * k), new Float64Array(count)];
      for (let first = 0; first < count; first += queryRows) {
        const rows = Math.min(queryRows, count - first);
        const tops = Array.from({ length: rows }, () => runningTop(k));
        const own = queries.subarray(first * size, (first + rows) * size);
        await valuesOf(own, (query, values, from, width, offset) => tops[query]!.add(values, from, width, offset));
        tops.forEach((top, row) => {
          places.set(top.places(), (first + row) * k);
          least[first + row] = top.least();
        });
      }
      return { places, least };
    },
    dispose,
  };
}

function withColumn(rows: Float32Array, size: number, last: (row: number) => number): Float32Array {
  const count = rows.length / size;
  const wider = new Float32Array(count * (size + 1));
  for (let row = 0; row < count; row++) {
    wider.set(rows.subarray(row * size, (row + 1) * size), row * (size + 1));
    wider[row * (size + 1) + size] = last(row);
  }
  return wider;
}
