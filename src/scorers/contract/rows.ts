import { checkFinite, readEmbeddings } from '../../tensors/embeddings';
import { ShapeError } from '../../core/errors';
import { rowsWithShape, type GivenRows } from './given-rows';

/** Rows [N, D] as numbers. */
export interface Rows {
  data: Float32Array;
  shape: readonly [number, number];
}

/**
 * Reads the features or logits of a batch and refuses a missing one, another width than `size`, and the first NaN or
 * infinity. `where` is who complains, `what` is `'features'` or `'logits'`.
 */
export async function readRows(
  where: string,
  what: 'features' | 'logits',
  batch: Partial<Record<'features' | 'logits', GivenRows>>,
  size?: number,
): Promise<Rows> {
  const rows = await readUncheckedRows(where, what, batch, size);
  checkFinite(where, rows.data, rows.shape[1], what);
  return rows;
}

/** The same without a look at the numbers, for who looks at them himself. */
export async function readUncheckedRows(
  where: string,
  what: 'features' | 'logits',
  batch: Partial<Record<'features' | 'logits', GivenRows>>,
  size?: number,
): Promise<Rows> {
  const given = (batch as typeof batch | undefined)?.[what];
  if (given === undefined) throw new ShapeError(where, what, `a batch { ${what} }`, batch);
  const rows = await readEmbeddings(where, rowsWithShape(where, what, given), what);
  if (size !== undefined && rows.shape[1] !== size) {
    throw new ShapeError(where, what, `[N, ${size}]`, `[N, ${rows.shape[1]}]`);
  }
  return rows;
}
