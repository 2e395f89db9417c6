import { rowsFrom, pickRows, type KnownBatch, type KnownBlock } from './known-rows';

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
      for (let from = 0; from < kept.length; from += blockSize) yield joined(kept.slice(from, from + blockSize));
    },
  };
}

function joined(rows: readonly KnownBlock[]): KnownBlock {
  const all = (name: 'features' | 'logits') => {
    const size = rows[0]![name]?.shape[1];
    if (size === undefined) return undefined;
    const data = new Float32Array(rows.length * size);
    rows.forEach((row, i) => data.set(row[name]!.data, i * size));
    return { data, shape: [rows.length, size] as const };
  };
  const [features, logits] = [all('features'), all('logits')];
  return {
    ...(features && { features }),
    ...(logits && { logits }),
    ...(rows[0]!.labels && { labels: rowsFrom(0, rows.length).map((i) => rows[i]!.labels![0]!) }),
  };
}
