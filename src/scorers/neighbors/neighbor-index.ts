/** A built index over bank rows; what an approximate search must offer. */
export interface NeighborIndex {
  /** Places of k bank rows near each query [N, k], by Euclidean distance, in any order; -1 where it found no more. */
  search(queries: Float32Array, k: number): Int32Array | Promise<Int32Array>;
  /** The whole index, where it can give it: it is saved with the scorer, and need not be built again. */
  bytes?(): Uint8Array | Promise<Uint8Array>;
  dispose(): void;
}

/**
 * Makes an index; {@link hnswIndex} is one, and any package that finds Euclidean neighbors fits in some lines.
 *
 * @example
 * const build = (rows: Float32Array, size: number) => myIndexOf(rows, size);
 * const index: NeighborIndexMaker = { kind: 'mine', settings: { trees: 10 }, build };
 * const method = nearestNeighbors({ index });
 */
export interface NeighborIndexMaker {
  /** Its name in saved scorers. */
  readonly kind: string;
  /** All that decides what it finds; a saved scorer is restored only with the same. */
  readonly settings: Readonly<Record<string, number | string>>;
  /** An index of rows [M, D]; the same rows must give the same index. */
  build(rows: Float32Array, size: number): NeighborIndex | Promise<NeighborIndex>;
  /**
   * The index that {@link NeighborIndex.bytes} came from; both or neither. Without it a restored scorer builds the
   * index anew.
   */
  load?(bytes: Uint8Array, size: number): NeighborIndex | Promise<NeighborIndex>;
}
