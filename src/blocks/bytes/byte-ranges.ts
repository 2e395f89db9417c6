/**
 * Bytes that are had range by range: of a file (`fileRanges` of `tfjs-ood/node`), of an address ({@link httpRanges}),
 * of anything. An `AsyncBuffer` of hyparquet is one, and so is an ArrayBuffer.
 */
export interface ByteRanges {
  readonly byteLength: number;
  /** What errors call it. */
  readonly name?: string;
  /** The bytes from `start`, to before `end`. */
  slice(start: number, end?: number): ArrayBuffer | Promise<ArrayBuffer>;
  /** May be left out: fills `into` with the bytes from `start` on, and gives how many came; nothing is made anew. */
  readInto?(into: Uint8Array, start: number): Promise<number>;
}

/** A shard of a data set: ranges of bytes, a Blob or File of a page, or bytes. */
export type ShardBytes = ByteRanges | Blob | Uint8Array;
