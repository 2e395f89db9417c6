import * as tf from '@tensorflow/tfjs-core';
import { residentBytes } from '../../tensors/backend-room';
import { checkEntry, product } from '../../linalg/checked-product';
import { oneBackend } from '../../tensors/one-backend';
import { pauses } from '../../core/pauses';
import { runningTop } from '../../linalg/running-top';
import { inUse } from '../contract/in-use';

/** Sees the values of one query with bank rows `first` to `first + count - 1`: `values[from]` and those after it. */
export type SeeValues = (query: number, values: Float32Array, from: number, count: number, first: number) => void;

/** Values q . b - bias_b of queries with all bank rows, in blocks. */
export interface NeighborSearch {
  /** Shows all values of each query [N, D], block by block of the bank. */
  values(queries: Float32Array, see: SeeValues): Promise<void>;
  /** The k largest values of each query: places [N, k] in the bank, in no order, and the least of the k values [N]. */
  best(queries: Float32Array, k: number): Promise<{ places: Int32Array; least: Float64Array }>;
  /** Frees the bank on the backend. */
  dispose(): void;
}

/**
 * Bank rows that are multiplied at once: a block of products stays in a processor's cache while it is looked through.
 */
const BANK_ROWS = 1024;
/** The same where a kernel of the backend looks them through. */
const BANK_ROWS_ON_DEVICE = 2 ** 14;
/**
 * Numbers of queries that are multiplied with so many rows between two pauses, in some 10 ms, where a product is made
 * in this thread.
 */
const AT_ONCE = 2 ** 16;
/** Rows that are transposed at once. */
const SQUARE = 16;
const hasDeviceTop = (): boolean => Boolean(tf.getKernel('NearestColumns', tf.getBackend()) as unknown);
const isAtOnce = (): boolean => !tf.getBackend().startsWith('webg');

/** Some rows of a block, by which its products are checked. */
export type Probes = readonly { column: number; row: Float32Array }[];

/** Rows of the bank as the backend has them. */
export interface BankBlock {
  /** Transposed, with -bias as the last row: products with a transpose are slow on wasm. */
  tensor: tf.Tensor2D;
  first: number;
  probes: Probes;
}

/** Products [B, M] of a block of queries with one of the bank. */
export interface MadeProducts {
  products: tf.Tensor2D;
  /** Number of the first query; `rows` of them are more than filling. */
  first: number;
  rows: number;
  bank: BankBlock;
  queryProbes: Probes;
  /** Whether the bank ends with it. */
  isLast: boolean;
}

/**
 * Search by blocked matrix products on the backend; every product is looked at once on the CPU side. A block of the
 * bank is brought there when it is first wanted, and stays, up to `resident` bytes in all (wasm keeps it packed too);
 * blocks beyond that are brought anew for each block of queries. Beside them: `queryRows` x 1024 products (16,384 where
 * the largest are found by the backend's own kernel).
 *
 * @param rowsOf bank rows [count, D] from `from` on, as float32
 * @param bias [M], read after the rows; with half the squared lengths the largest values are those of the nearest
 * @param queryRows queries that are multiplied at once
 */
export function neighborSearch(
  where: string,
  rowsOf: (from: number, count: number) => Float32Array,
  bias: ArrayLike<number>,
  size: number,
  queryRows: number,
  resident?: number,
): NeighborSearch {
  const wide = size + 1; // one more number a row: -bias in the bank, 1 in the queries, so that the product has it in
  const guard = inUse(where);
  const kept: BankBlock[] = [];
  let checkBackend: ReturnType<typeof oneBackend> | undefined;
  let [bankRows, keptRows] = [BANK_ROWS, 0];

  /** Transposed in squares that stay in a cache. */
  function bring(first: number): BankBlock {
    const count = Math.min(bankRows, bias.length - first);
    const rows = rowsOf(first, count);
    const own = new Float32Array(wide * count);
    for (let from = 0; from < count; from += SQUARE) {
      const to = Math.min(from + SQUARE, count);
      for (let i = 0, at = 0; i < size; i++, at += count) {
        for (let row = from; row < to; row++) own[at + row] = rows[row * size + i]!;
      }
    }
    for (let row = 0; row < count; row++) own[size * count + row] = -bias[first + row]!;
    const probes = [0, longestRow(rows, size)].map((column) => ({
      column,
      row: Float32Array.from({ length: wide }, (_, i) => own[i * count + column]!),
    }));
    return { tensor: tf.tidy(() => tf.keep(tf.tensor2d(own, [wide, count]))), first, probes };
  }

  /** Products of queries with each block of the bank, a block of queries after the other. */
  async function eachProduct(queries: Float32Array, work: (made: MadeProducts) => Promise<void>): Promise<void> {
    const pause = pauses();
    const count = queries.length / size;
    // Few sizes of blocks: kernels are compiled and cached by shape. Rows that only fill up are not read.
    const most = isAtOnce() ? Math.max(1, Math.min(queryRows, 2 ** Math.floor(Math.log2(AT_ONCE / wide)))) : queryRows;
    const blockRows = Math.min(most, 2 ** Math.ceil(Math.log2(Math.max(1, count))));
    for (let first = 0; first < count; first += blockRows) {
      const rows = Math.min(blockRows, count - first);
      const filled = new Float32Array(blockRows * wide);
      filled.set(withColumn(queries.subarray(first * size, (first + rows) * size), size, () => 1));
      const probes = [0, longestRow(filled, wide)].map((column) => ({ column, row: rowAt(filled, column, wide) }));
      if (!checkBackend) {
        checkBackend = oneBackend();
        bankRows = hasDeviceTop() ? BANK_ROWS_ON_DEVICE : BANK_ROWS;
        keptRows = bankRows * Math.floor((resident ?? residentBytes()) / (4 * wide * bankRows));
      }
      checkBackend(where);
      const block = tf.tensor2d(filled, [blockRows, wide]);
      try {
        for (let at = 0; at < bias.length; at += bankRows) {
          await pause();
          guard.check();
          const bank = kept[at / bankRows] ?? bring(at);
          if (at < keptRows) kept[at / bankRows] = bank;
          let products: tf.Tensor2D | undefined;
          try {
            products = product(block, bank.tensor);
            await work({ products, first, rows, bank, queryProbes: probes, isLast: at + bankRows >= bias.length });
          } finally {
            products?.dispose();
            if (at >= keptRows) bank.tensor.dispose();
          }
        }
      } finally {
        block.dispose();
      }
    }
  }

  function valuesOf(queries: Float32Array, see: SeeValues): Promise<void> {
    return eachProduct(queries, async ({ products, first, rows, bank, queryProbes }) => {
      const values = await products.data<'float32'>();
      const width = products.shape[1];
      checkProducts(bank, queryProbes, (query, column) => values[query * width + column]!);
      for (let row = 0; row < rows; row++) see(first + row, values, row * width, width, bank.first);
    });
  }

  /** Throws unless a few entries of a product are what they should be. */
  function checkProducts(
    bank: BankBlock,
    queries: Probes,
    entry: (query: number, column: number, i: number) => number,
  ) {
    for (const query of queries) {
      bank.probes.forEach(({ column, row }, i) =>
        checkEntry(where, entry(query.column, column, i), wide, (at) => query.row[at]! * row[at]!),
      );
    }
  }

  return {
    values: valuesOf,
    async best(queries, k) {
      const count = queries.length / size;
      if (hasDeviceTop())
        return (await import('./device-top')).bestOnDevice(count, k, queries, eachProduct, checkProducts);
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
    dispose() {
      guard.end();
      kept.splice(0).forEach(({ tensor }) => tensor.dispose());
    },
  };
}

const rowAt = (rows: Float32Array, row: number, width: number): Float32Array =>
  rows.subarray(row * width, (row + 1) * width);

/** Of zero rows a product says nothing: index of the row of the largest length. */
function longestRow(rows: Float32Array, width: number): number {
  let [index, largest] = [0, -1];
  for (let row = 0; row * width < rows.length; row++) {
    let square = 0;
    for (let i = row * width; i < (row + 1) * width; i++) square += rows[i]! * rows[i]!;
    if (square > largest) [index, largest] = [row, square];
  }
  return index;
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
