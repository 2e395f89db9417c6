import { readRows, type Rows } from '../scorers/contract/rows';
import type { Need, ModelOutputs } from '../scorers/contract/scorer';
import { ArgumentError, ShapeError } from '../core/errors';
import { checkLabels } from '../core/labels';
import type { Embeddings } from '../tensors/embeddings';

/** Known images, of which what a scorer needs can be had block by block. */
export interface OutputSource {
  /** N */
  count: number;
  /** Class of each image [N], where it is known. */
  labels: ArrayLike<number> | undefined;
  /** What is known of these rows; `dispose` frees it. */
  batchOf(rows: Int32Array): Promise<{ batch: Partial<ModelOutputs>; dispose(): void }>;
}

/** What a model in any runtime gave for known images; only what the scorer needs must be there. */
export interface LabeledOutputs {
  /** [N, D] */
  features?: Embeddings;
  /** [N, C] */
  logits?: Embeddings;
  /** Class indices [N]; only for scorers that need them. */
  labels?: ArrayLike<number>;
}

/** A source over outputs that are there already. */
export async function outputSource(where: string, given: LabeledOutputs): Promise<OutputSource> {
  if (typeof given !== 'object' || given === null) {
    throw new ArgumentError(where, 'outputs', 'an object { features, logits, labels }', given);
  }
  const labels = given.labels === undefined ? undefined : checkLabels(where, given.labels);
  const whole: Partial<Record<Need, Rows>> = {};
  let count = labels?.length;
  let counted = 'labels';
  for (const name of ['features', 'logits'] as const) {
    if (given[name] === undefined) continue;
    const rows = await readRows(where, name, given);
    if (count !== undefined && rows.shape[0] !== count) {
      throw new ShapeError(where, name, `${count} rows, as the ${counted}`, rows.shape[0]);
    }
    if (count === undefined) counted = name;
    count = rows.shape[0];
    whole[name] = rows;
  }
  if (count === undefined) throw new ArgumentError(where, 'outputs', 'an object { features, logits, labels }', given);
  return sourceOf(count, labels, whole);
}

type WholeOutputs = Partial<Record<Need, Rows>>;

const sourceOf = (count: number, labels: OutputSource['labels'], whole: WholeOutputs): OutputSource => ({
  count,
  labels,
  batchOf(rows) {
    const batch = Object.fromEntries(Object.entries(whole).map(([name, all]) => [name, pick(all, rows)]));
    return Promise.resolve({ batch, dispose: () => {} });
  },
});

/** The features and logits of blocks, kept: a source that can be gone over again. Images are let go. */
export async function collectedSource(
  count: number,
  labels: OutputSource['labels'],
  blocks: AsyncIterable<Partial<ModelOutputs>>,
): Promise<OutputSource> {
  const whole: WholeOutputs = {};
  let at = 0;
  for await (const block of blocks) {
    let rows = 0;
    for (const name of ['features', 'logits'] as const) {
      if (block[name] === undefined) continue;
      const { data, shape } = await readRows('collectedSource', name, block);
      const all = (whole[name] ??= { data: new Float32Array(count * shape[1]), shape: [count, shape[1]] });
      all.data.set(data, at * shape[1]);
      rows = shape[0];
    }
    at += rows;
  }
  return sourceOf(count, labels, whole);
}

function pick({ data, shape }: Rows, rows: Int32Array): Rows {
  const size = shape[1];
  const own = new Float32Array(rows.length * size);
  rows.forEach((row, i) => own.set(data.subarray(row * size, (row + 1) * size), i * size));
  return { data: own, shape: [rows.length, size] };
}
