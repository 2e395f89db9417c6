import { ArgumentError, NotFiniteError, ShapeError } from '../core/errors';

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

/** Where a block of a stream stands. */
export interface BlockPlace {
  /** `data[3]`: the fourth block. */
  block: string;
  /** Rows before it. */
  before: number;
}

/** The same for a block of a stream: rows are counted over all of it, and other errors name the block. */
export async function namingBlock<T>(done: Promise<T>, { block, before }: BlockPlace): Promise<T> {
  try {
    return await done;
  } catch (error) {
    if (!(error instanceof ArgumentError || error instanceof ShapeError || error instanceof NotFiniteError))
      throw error;
    const { where, what, expected, received } = error.details;
    const named = received.replace(/ at (row|index) (\d+)/, (_, kind, row) => ` at ${kind} ${before + Number(row)}`);
    const Kind = error.constructor as typeof ArgumentError;
    throw new Kind(where, named === received ? `${what} of ${block}` : what, expected, named);
  }
}
