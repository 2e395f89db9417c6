import * as tf from '@tensorflow/tfjs-core';

/** Finds for each query the bank rows with the largest q . b - bias_b. */
export interface NeighbourSearch {
  /** Indices of the k best bank rows of each query [N, k], in no order. `queries` are rows [N, D]. */
  best(queries: Float32Array, k: number): Promise<Int32Array>;
  /** Frees the bank on the backend. */
  dispose(): void;
}

/** Bank rows that are multiplied at once. */
const BANK_ROWS = 8192;

/**
 * Exact search by blocked matrix products on the backend; a running top k for each query on the CPU side, which looks at every
 * product once and compares it with the k-th best so far. Memory: the bank, and `queryRows` x 8192 products.
 *
 * @param bank rows [M, D]
 * @param bias [M]; with half the squared lengths the best are the nearest
 */
export function neighbourSearch(
  bank: Float32Array,
  bias: Float32Array,
  size: number,
  queryRows: number,
): NeighbourSearch {
  const bankRows = bias.length;
  const wide = size + 1; // one more number a row: -bias in the bank, 1 in the queries, so that the product has it in
  const blocks: tf.Tensor2D[] = []; // transposed: products with a transpose are slow on wasm
  for (let from = 0; from < bankRows; from += BANK_ROWS) {
    const rows = Math.min(BANK_ROWS, bankRows - from);
    const own = withColumn(bank.subarray(from * size, (from + rows) * size), size, (row) => -bias[from + row]!);
    blocks.push(tf.tidy(() => tf.keep(tf.transpose(tf.tensor2d(own, [rows, wide])))));
  }

  return {
    async best(queries, k) {
      const count = queries.length / size;
      const found = new Int32Array(count * k);
      // Every block has the same size: kernels are compiled and cached by shape. What is left over in the last is not read.
      const blockRows = Math.min(queryRows, count);
      const padded = new Float32Array(blockRows * wide);
      for (let first = 0; first < count; first += blockRows) {
        const rows = Math.min(blockRows, count - first);
        padded.set(withColumn(queries.subarray(first * size, (first + rows) * size), size, () => 1));
        const tops = Array.from({ length: rows }, () => runningTop(k));
        const block = tf.tensor2d(padded, [blockRows, wide]);
        try {
          let offset = 0;
          for (const own of blocks) {
            const width = own.shape[1];
            const products = tf.matMul(block, own);
            try {
              const values = await products.data<'float32'>();
              tops.forEach((top, row) => top.add(values, row * width, width, offset));
            } finally {
              products.dispose();
            }
            offset += width;
          }
        } finally {
          block.dispose();
        }
        tops.forEach((top, row) => found.set(top.indices(), (first + row) * k));
      }
      return found;
    },
    dispose: () => tf.dispose(blocks),
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

/** The k largest of a stream of numbers, by a heap whose root is the smallest of them; of equal ones the first. */
function runningTop(k: number) {
  const values = new Float64Array(k).fill(-Infinity);
  const places = new Int32Array(k);
  return {
    /** `numbers` from `from` on, whose first has the index `offset`. */
    add(numbers: Float32Array, from: number, width: number, offset: number) {
      let least = values[0]!;
      for (let j = 0; j < width; j++) {
        const value = numbers[from + j]!;
        if (!(value > least)) continue;
        // The root gives way; the new value sinks to its place.
        let i = 0;
        for (;;) {
          let child = 2 * i + 1;
          if (child >= k) break;
          if (child + 1 < k && values[child + 1]! < values[child]!) child++;
          if (values[child]! >= value) break;
          values[i] = values[child]!;
          places[i] = places[child]!;
          i = child;
        }
        values[i] = value;
        places[i] = offset + j;
        least = values[0]!;
      }
    },
    indices: () => places,
  };
}
