import { readRows, type Rows } from '../scorers/contract/rows';
import type { Need, ModelOutputs } from '../scorers/contract/scorer';
import { ShapeError } from '../core/errors';
import { checkLabels } from '../core/labels';
import type { Embeddings } from '../tensors/embeddings';

/** Images of known classes, of which what a scorer needs can be had block by block. */
export interface OutputSource {
  /** Class of each image [N]. */
  labels: ArrayLike<number>;
  /** What is known of these rows; `dispose` frees it. */
  batchOf(rows: Int32Array): Promise<{ batch: Partial<ModelOutputs>; dispose(): void }>;
}

/** What a model in any runtime gave for labeled images; only what the scorer needs must be there. */
export interface LabeledOutputs {
  /** [N, D] */
  features?: Embeddings;
  /** [N, C] */
  logits?: Embeddings;
  /** Class indices [N]. */
  labels: ArrayLike<number>;
}

/** A source over outputs that are there already. */
export async function outputSource(where: string, { labels, ...outputs }: LabeledOutputs): Promise<OutputSource> {
  const own = checkLabels(where, labels);
  const count = own.length;
  const whole: Partial<Record<Need, Rows>> = {};
  for (const name of ['features', 'logits'] as const) {
    if (outputs[name] === undefined) continue;
    const rows = await readRows(where, name, outputs);
    if (rows.shape[0] !== count) {
      throw new ShapeError(where, name, `${count} rows, as the labels`, rows.shape[0]);
    }
    whole[name] = rows;
  }
  return {
    labels: own,
    batchOf(rows) {
      const batch = Object.fromEntries(Object.entries(whole).map(([name, all]) => [name, pick(all, rows)]));
      return Promise.resolve({ batch, dispose: () => {} });
    },
  };
}

function pick({ data, shape }: Rows, rows: Int32Array): Rows {
  const size = shape[1];
  const own = new Float32Array(rows.length * size);
  rows.forEach((row, i) => own.set(data.subarray(row * size, (row + 1) * size), i * size));
  return { data: own, shape: [rows.length, size] };
}
