import { ArgumentError, FormatError, NotFiniteError, ShapeError } from '../../core/errors';

/** Where a block stands. */
export interface BlockInShard {
  shard: string | undefined;
  /** Rows of the shard before it. */
  before: number;
  /** Which row of the block one that an error names is, where it went on with some of them. */
  rows?: Int32Array | undefined;
}

/** A row as errors say it. */
export const shownRow = (shard: string | undefined, row: number): string =>
  shard === undefined ? `row ${row}` : `shard ${shard}, row ${row}`;

/** What is done with a block: an error that names a row of it names shard and row instead, another one the block. */
export async function namingShard<T>(done: Promise<T>, at: BlockInShard): Promise<T> {
  try {
    return await done;
  } catch (error) {
    if (!(error instanceof ArgumentError || error instanceof ShapeError || error instanceof NotFiniteError))
      throw error;
    const { where, what, expected, received } = error.details;
    const { shard, before, rows } = at;
    const place = (row: number) => shownRow(shard, before + (rows?.[row] ?? row));
    const named = received.replace(/ at (?:row|index) (\d+)/, (_, row) => ` at ${place(Number(row))}`);
    const Kind = error.constructor as typeof ArgumentError;
    throw new Kind(where, what, expected, named === received ? `${received} in the block from ${place(0)} on` : named);
  }
}

/** What is done with a part: errors call it by its name, or by its place among several. */
export async function namingPart<T>(done: Promise<T>, name: string): Promise<T> {
  try {
    return await done;
  } catch (error) {
    const isOther = error instanceof ArgumentError || error instanceof ShapeError;
    if (name === 'other' || !(isOther || error instanceof FormatError)) throw error;
    const { where, what, expected, received } = error.details;
    if (what.includes(name)) throw error;
    const Kind = error.constructor as typeof ArgumentError;
    throw new Kind(where, what === 'other' ? name : `${what} of ${name}`, expected, received);
  }
}
