/**
 * Where a run keeps what it makes: a folder ({@link folderStore}), a bucket, a table, anything that has bytes by key.
 * Keys are names with `/` between, such as `november/scorer.safetensors`.
 */
export interface JobStore {
  /** The bytes under a key; undefined (or null) where there are none. */
  get(key: string): Promise<Uint8Array | undefined | null>;
  /** Puts bytes under a key, in place of others there. Whoever gets meanwhile has the old bytes or the new, whole. */
  put(key: string, bytes: Uint8Array): Promise<unknown>;
  /** Deletes what is under a key, if anything. Without it the parts that were merged stay. */
  delete?(key: string): Promise<unknown>;
  /** Deletes all under keys that begin so; called once, when a run is over. */
  deleteAll?(prefix: string): Promise<unknown>;
}
