/** Numbers of a shard, read once from its first row to its last. */
export interface NumberColumn {
  /** Numbers of a row; known once a row is ready. */
  readonly width: number;
  /** How many rows can be copied now; 0: there are no more. */
  ready(): Promise<number>;
  /** Copies the next rows, each `stride` after the one before. */
  copyTo(out: Float32Array, at: number, stride: number, rows: number): void;
}

/** Values as a file has them. */
export type ListedValues = readonly string[] | Int32Array | Float64Array | BigInt64Array | BigUint64Array;

/** Labels or ids of a shard, read once from its first row to its last. */
export interface ValueColumn {
  ready(): Promise<number>;
  /** The next rows. */
  take(rows: number): ListedValues;
}

/** The columns of a shard that were asked for. */
export interface ShardColumns {
  features?: NumberColumn | undefined;
  logits?: NumberColumn | undefined;
  labels?: ValueColumn | undefined;
  ids?: ValueColumn | undefined;
}
