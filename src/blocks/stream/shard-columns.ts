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

/** Rows that are copied of each column in turn. */
const AT_ONCE = 256;

/** Columns side by side as one; rows are ready where all have them. */
export function sideBySide(columns: readonly NumberColumn[]): NumberColumn {
  if (columns.length === 1) return columns[0]!;
  const widthOf = () => columns.reduce((sum, { width }) => sum + width, 0);
  return {
    get width() {
      return widthOf();
    },
    async ready() {
      let least = Infinity;
      for (const column of columns) least = Math.min(least, await column.ready());
      return least;
    },
    copyTo(out, at, stride, rows) {
      // Some rows of all columns at a time: what is written stays in the cache
      for (let done = 0; done < rows; done += AT_ONCE) {
        const some = Math.min(AT_ONCE, rows - done);
        let to = at + done * stride;
        for (const column of columns) {
          column.copyTo(out, to, stride, some);
          to += column.width;
        }
      }
    },
  };
}
