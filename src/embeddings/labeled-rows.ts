import { ArgumentError, ShapeError } from '../core/errors';
import { checkLabels } from '../core/labels';
import { checkFinite, readEmbeddings, type Embeddings } from '../tensors/embeddings';

/** Rows with their classes, sorted by class; within a class in their old order. */
export interface LabeledRows {
  /** [N, D]. */
  data: Float64Array;
  count: number;
  size: number;
  /** Old row number of each row [N]. */
  rows: Int32Array;
  /** Label of each row [N], ascending. */
  labels: Float64Array;
  /** Of each row, where its class starts, and where it ends (excluded) [N]. */
  starts: Int32Array;
  ends: Int32Array;
  /** How many classes have rows. */
  classes: number;
}

/**
 * Reads and sorts embeddings with a class each; an OoD row (label below 0) is of no class and is refused. `prefix` goes
 * before the name of what is wrong.
 */
export async function readLabeledRows(
  where: string,
  embeddings: Embeddings,
  labels: ArrayLike<number>,
  prefix = '',
): Promise<LabeledRows> {
  // As they are now: reading a tensor takes a while
  const given = checkLabels(where, labels, { what: `${prefix}labels` });
  const { data, shape } = await readEmbeddings(where, embeddings, `${prefix}embeddings`);
  const [count, size] = shape;
  if (given.length !== count) {
    throw new ShapeError(where, `${prefix}labels`, `${count} labels`, given.length);
  }
  if (count === 0) {
    throw new ArgumentError(where, `${prefix}embeddings`, 'at least one row', 'none');
  }
  checkFinite(where, data, size, `${prefix}embeddings`);
  return sortByClass(data, given, count, size);
}

function sortByClass(data: Float32Array, given: Int32Array, count: number, size: number): LabeledRows {
  const rows = Int32Array.from(given, (_, i) => i).sort((a, b) => given[a]! - given[b]! || a - b);
  const sorted = new Float64Array(data.length);
  rows.forEach((row, i) => sorted.set(data.subarray(row * size, (row + 1) * size), i * size));
  const labels = Float64Array.from(rows, (row) => given[row]!);
  const [starts, ends] = [new Int32Array(count), new Int32Array(count)];
  let classes = 0;
  for (let start = 0, end = 0; start < count; start = end, classes++) {
    while (end < count && labels[end] === labels[start]) end++;
    starts.fill(start, start, end);
    ends.fill(end, start, end);
  }
  return { data: sorted, count, size, rows, labels, starts, ends, classes };
}
