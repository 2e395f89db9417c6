import { joinedRows, pickRows, type KnownBatch, type KnownBlock } from './known-rows';

/** Rows that are put aside one by one, and given back in blocks. */
export function keptRows(blockSize: number) {
  const kept: KnownBlock[] = []; // of one row each
  return {
    count: () => kept.length,
    /** Copies these rows of a batch. */
    add({ features, logits }: KnownBatch, labels: ArrayLike<number> | undefined, rows: readonly number[]): void {
      for (const row of rows) {
        kept.push({
          ...(features && { features: pickRows(features, [row]) }),
          ...(logits && { logits: pickRows(logits, [row]) }),
          ...(labels && { labels: Int32Array.of(labels[row]!) }),
        });
      }
    },
    *blocks(): Generator<KnownBlock> {
      for (let from = 0; from < kept.length; from += blockSize) yield joinedRows(kept.slice(from, from + blockSize));
    },
  };
}
