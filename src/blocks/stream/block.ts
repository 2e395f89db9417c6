/** Rows of a block [n, D]. */
export interface BlockRows {
  data: Float32Array;
  shape: [rows: number, width: number];
}

/** What rows are called, as it was in the file: text, or whole numbers of 32 or 64 bits. */
export type BlockIds = string[] | Int32Array | BigInt64Array | BigUint64Array;

/** What a block can have. */
export interface BlockParts {
  /** [n, D] */
  features: BlockRows;
  /** [n, C] */
  logits: BlockRows;
  /** Class indices [n]; -1 for known OoD rows. */
  labels: Int32Array;
  /** [n] */
  ids: BlockIds;
}

/** Names of the parts of a block. */
export type BlockPart = keyof BlockParts;

/** Rows `from`, `from + 1`, ... of the shard with the number `shard`, all parts of the same rows. */
export type Block<P extends BlockPart = BlockPart> = Pick<BlockParts, P> & { shard: number; from: number };

/**
 * Where the numbers of a part lie: a column of lists, vectors or numbers by its name, or flat columns side by side, by
 * their names or by a pattern (in the order of the first shard).
 */
export type WideColumn = string | readonly string[] | RegExp;

/** Which column is which part of a block; at least one. */
export interface BlockColumns {
  features?: WideColumn;
  logits?: WideColumn;
  labels?: string;
  ids?: string;
}

/** Options of every reader of blocks. */
export interface BlocksOptions {
  /** Rows of a block; the last of a shard can have fewer. Default: as many as 4 MiB of numbers, at most 65,536. */
  blockRows?: number;
  /** The names that labels are, in the order of the model's outputs; without them labels are whole numbers. */
  classNames?: readonly string[];
  signal?: AbortSignal;
}

/** Options of readers of files with columns. */
export interface ColumnBlocksOptions<C extends BlockColumns = BlockColumns> extends BlocksOptions {
  columns: C;
}

/** The parts that such columns make. */
export type PartsOf<C> = keyof C & BlockPart;
