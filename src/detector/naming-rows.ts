import { NotFiniteError } from '../core/errors';

/**
 * What a scorer makes of a block. An error that names a row of the block names the caller's row instead: `rows` [B]
 * says which each was.
 */
export async function namingRows<T>(scored: Promise<T>, rows: ArrayLike<number>): Promise<T> {
  try {
    return await scored;
  } catch (error) {
    if (!(error instanceof NotFiniteError)) throw error;
    const { where, what, expected, received } = error.details;
    const named = received.replace(/ at row (\d+)/, (said, row) => ` at row ${rows[Number(row)] ?? said}`);
    throw new NotFiniteError(where, what, expected, named);
  }
}
