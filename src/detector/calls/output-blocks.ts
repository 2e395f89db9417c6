import { readUncheckedRows, type Rows } from '../../scorers/contract/rows';
import type { ModelOutputs } from '../../scorers/contract/scorer';
import { rowsFrom } from '../known/known-rows';

/** Rows of outputs that are scored at once: as many as scorers take together. */
const MOST_ROWS = 4096;

/** A part of the outputs, and which rows of the whole it has. */
export interface OutputBlock {
  batch: Partial<ModelOutputs>;
  rows: Int32Array;
}

/** Outputs [N, ...] in parts, one after the other; with images, which stay one tensor, or of few rows as they are. */
export async function* outputBlocks(
  where: string,
  outputs: Partial<ModelOutputs>,
  count: number,
): AsyncGenerator<OutputBlock> {
  if (outputs.images || count <= MOST_ROWS) {
    yield { batch: outputs, rows: rowsFrom(0, count) };
    return;
  }
  const whole: [string, Rows][] = [];
  for (const name of ['features', 'logits'] as const) {
    if (outputs[name]) whole.push([name, await readUncheckedRows(where, name, outputs)]);
  }
  for (let from = 0; from < count; from += MOST_ROWS) {
    const rows = rowsFrom(from, Math.min(MOST_ROWS, count - from));
    const part = ({ data, shape: [, size] }: Rows): Rows => ({
      data: data.subarray(from * size, (from + rows.length) * size),
      shape: [rows.length, size],
    });
    yield { batch: Object.fromEntries(whole.map(([name, all]) => [name, part(all)])), rows };
  }
}
