import { ArgumentError, ShapeError } from '../../core/errors';
import { readRows, type Rows } from './rows';
import type { FitBlock, FitNeed } from './scorer';

/** How many numbers a row has: D of features, C of logits. */
export type Widths = { features?: number | undefined; logits?: number | undefined };

/** Rows and labels of a block; labels as they came. */
export interface ReadNumbers {
  count: number;
  features?: Rows;
  logits?: Rows;
  labels?: ArrayLike<number>;
}

/** Reads what is needed of a block's features, logits and labels; refuses unequal numbers of rows. */
export async function readNumbers(
  where: string,
  block: Partial<FitBlock>,
  needs: readonly FitNeed[],
  widths: Widths,
): Promise<ReadNumbers> {
  const read: ReadNumbers = { count: 0 };
  const counts: [string, number][] = [];
  for (const what of ['features', 'logits'] as const) {
    if (!needs.includes(what)) continue;
    read[what] = await readRows(where, what, block, widths[what]);
    counts.push([what, read[what].shape[0]]);
  }
  if (needs.includes('labels')) {
    if (!Number.isInteger(block?.labels?.length)) {
      throw new ArgumentError(where, 'labels', 'class indices of the rows', typeof block?.labels);
    }
    read.labels = block.labels!;
    counts.push(['labels', read.labels.length]);
  }
  const [first, ...rest] = counts;
  read.count = first?.[1] ?? 0;
  const other = rest.find(([, count]) => count !== read.count);
  if (other) throw new ShapeError(where, other[0], `${read.count} rows, as the ${first![0]}`, other[1]);
  return read;
}
