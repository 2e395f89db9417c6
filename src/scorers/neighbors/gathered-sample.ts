import { ArgumentError } from '../../core/errors';
import type { FitRow } from '../contract/fit-rows';
import type { Rows } from '../contract/rows';
import type { FitNeed } from '../contract/scorer';
import type { Accumulator } from '../partial/accumulator';
import { RowSample } from '../partial/row-sample';

/** A bank of at least k rows, a sample of what is made of all rows, and what is found with it. */
export function gatheredSample<F extends FitNeed, T>(
  where: string,
  { k, bankSize, seed }: { k: number; bankSize: number; seed: number },
  rowsOf: (rows: FitRow<F>) => Rows,
  finish: (bank: Float32Array, size: number) => Promise<T> | T,
): Accumulator<F, T> {
  const sample = new RowSample(bankSize, seed);
  return {
    sample,
    add(rows) {
      const { data, shape } = rowsOf(rows);
      sample.add(data, shape[1], rows.ids);
    },
    finish() {
      if (sample.count < k) throw new ArgumentError(where, 'blocks', `at least k = ${k} rows`, `${sample.count} rows`);
      return finish(sample.rows(), sample.size!);
    },
  };
}
