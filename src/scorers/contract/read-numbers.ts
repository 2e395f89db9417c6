import { ShapeError } from '../../core/errors';
import { checkLabels } from '../../core/labels';
import { readRows, type Rows } from './rows';
import type { FitBlock, FitNeed } from './scorer';

/** How many numbers a row has: D of features, C of logits. */
export type Widths = { features?: number | undefined; logits?: number | undefined };

/** Rows and class indices of a block. */
export interface ReadNumbers {
  count: number;
  features?: Rows;
  logits?: Rows;
  labels?: Int32Array;
}

/**
 * Reads what is needed of a block's features, logits and labels; refuses unequal numbers of rows, and labels from
 * `classes` on.
 */
export async function readNumbers(
  where: string,
  block: Partial<FitBlock>,
  needs: readonly FitNeed[],
  widths: Widths,
  classes?: number,
): Promise<ReadNumbers> {
  const read: ReadNumbers = { count: 0 };
  let first: string | undefined;
  const count = (what: string, rows: number) => {
    if (first && rows !== read.count) throw new ShapeError(where, what, `${read.count} rows, as the ${first}`, rows);
    first ??= what;
    read.count = rows;
  };
  for (const what of ['features', 'logits'] as const) {
    if (!needs.includes(what)) continue;
    const rows = (read[what] = await readRows(where, what, block, widths[what]));
    count(what, rows.shape[0]);
  }
  if (!needs.includes('labels')) return read;
  const labels = checkLabels(where, block?.labels, { below: classes });
  count('labels', labels.length);
  return { ...read, labels };
}
