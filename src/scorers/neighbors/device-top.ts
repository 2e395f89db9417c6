import * as tf from '@tensorflow/tfjs-core';
import type { BankBlock, MadeProducts, Probes } from './neighbor-search';

type CheckProducts = (
  bank: BankBlock,
  queries: Probes,
  entry: (query: number, column: number, i: number) => number,
) => void;

/**
 * The k largest products of each query of a block, kept on the backend from one block of the bank to the next. Of the
 * products only the columns are read by which they are checked.
 */
function deviceTop(k: number, checkProducts: CheckProducts) {
  let top: tf.Tensor | undefined;
  let seen: { bank: BankBlock; columns: tf.Tensor2D }[] = [];
  let queries: Probes = [];

  const dispose = () => {
    tf.dispose([...(top ? [top] : []), ...seen.map(({ columns }) => columns)]);
    [top, seen] = [undefined, []];
  };

  return {
    add({ products, bank, queryProbes }: MadeProducts): void {
      const attrs = { k, first: bank.first };
      const inputs = { products, ...(top && { before: top }) };
      const next = tf.engine().runKernel<tf.Tensor>('NearestColumns', inputs, attrs);
      top?.dispose();
      top = next;
      const columns = tf.tidy(() =>
        tf.concat(
          bank.probes.map(({ column }) => tf.slice(products, [0, column], [products.shape[0], 1])),
          1,
        ),
      );
      seen.push({ bank, columns });
      queries = queryProbes;
    },
    /** Places [rows, k] and the least number of each row; begins anew. */
    async read(rows: number): Promise<{ places: Int32Array; least: Float64Array }> {
      const checks = tf.tidy(() =>
        tf.concat(
          seen.map(({ columns }) => columns),
          1,
        ),
      );
      try {
        const [packed, entries] = await Promise.all([top!.data<'int32'>(), checks.data<'float32'>()]);
        const width = checks.shape[1];
        let from = 0;
        for (const { bank, columns } of seen) {
          const start = from;
          checkProducts(bank, queries, (query, _, i) => entries[query * width + start + i]!);
          from += columns.shape[1];
        }
        const numbers = new Float32Array(packed.buffer, packed.byteOffset, packed.length);
        const places = new Int32Array(rows * k);
        const least = new Float64Array(rows);
        for (let row = 0; row < rows; row++) {
          const at = row * 2 * k;
          places.set(packed.subarray(at + k, at + 2 * k), row * k);
          least[row] = numbers.subarray(at, at + k).reduce((a, b) => Math.min(a, b), Infinity);
        }
        return { places, least };
      } finally {
        checks.dispose();
        dispose();
      }
    },
    dispose,
  };
}

/** What `NeighborSearch.best` gives, where a kernel of the backend in use finds the largest of products. */
export async function bestOnDevice(
  count: number,
  k: number,
  queries: Float32Array,
  eachProduct: (queries: Float32Array, work: (made: MadeProducts) => Promise<void>) => Promise<void>,
  checkProducts: CheckProducts,
): Promise<{ places: Int32Array; least: Float64Array }> {
  const [places, least] = [new Int32Array(count * k), new Float64Array(count)];
  const top = deviceTop(k, checkProducts);
  try {
    await eachProduct(queries, async (made) => {
      top.add(made);
      if (!made.isLast) return;
      const found = await top.read(made.rows);
      places.set(found.places, made.first * k);
      least.set(found.least, made.first);
    });
  } finally {
    top.dispose();
  }
  return { places, least };
}
