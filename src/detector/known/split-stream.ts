import { ArgumentError } from '../../core/errors';
import { refuseTooFew, rowDraw } from '../calibration/hold-out';
import { keptRows } from './kept-rows';
import { pickRows, rowsFrom, type KnownBatch, type KnownBlock, type OutputSource, type Split } from './known-rows';
import type { SplitRows } from './known-rows';

/** These rows of a batch; all of them as they are. */
function partOf(batch: KnownBatch, labels: Int32Array | undefined, rows: readonly number[], count: number): KnownBlock {
  const { features, logits } = batch;
  const isAll = rows.length === count;
  return {
    ...(features && { features: isAll ? features : pickRows(features, rows) }),
    ...(logits && { logits: isAll ? logits : pickRows(logits, rows) }),
    ...(labels && { labels: Int32Array.from(rows, (row) => labels[row]!) }),
  };
}

/**
 * Known rows that come once: each is drawn by itself, and of those that calibrate the outputs are kept until the fit is
 * done. Passes are of whole blocks, whatever the draw: a backend may keep memory for each size.
 */
export function splitStream(
  where: string,
  sources: AsyncIterable<OutputSource>,
  { calibrationShare, setsShare, seed, blockSize: usual, onProgress }: Split,
): SplitRows {
  const partOfNext = rowDraw([calibrationShare, setsShare], seed);
  const [kept, sets] = [keptRows(usual), keptRows(usual)];
  const [labels, fit]: [number[], number[]] = [[], []];
  let [seen, isLabeled] = [0, false];

  async function* blocks(): AsyncGenerator<KnownBlock> {
    for await (const source of sources) {
      const { blockSize = usual } = source;
      isLabeled ||= source.labels !== undefined;
      for (let from = 0; from < source.count; from += blockSize) {
        const rows = rowsFrom(from, Math.min(blockSize, source.count - from));
        const own = source.labels?.subarray(from, from + rows.length);
        const [holds, ofSets, fits]: [number[], number[], number[]] = [[], [], []];
        for (let row = 0; row < rows.length; row++) {
          [holds, ofSets, fits][partOfNext()]!.push(row);
          if (own) labels.push(own[row]!);
        }
        const { batch, dispose } = await source.batchOf(rows);
        try {
          kept.add(batch, own, holds);
          sets.add(batch, own, ofSets);
          for (const row of fits) fit.push(seen + row);
          if (fits.length > 0) yield partOf(batch, own, fits, rows.length);
        } finally {
          dispose();
        }
        seen += rows.length;
        onProgress(seen);
      }
    }
    if (seen === 0) throw new ArgumentError(where, 'data', 'a stream with at least one row', 'an empty one');
    if (fit.length === 0 || kept.count() === 0) refuseTooFew(where, seen);
  }
  const all = blocks();
  return {
    count: undefined,
    async *fit() {
      // By hand: who leaves a `for await` closes what it goes through.
      for (let next = await all.next(); !next.done; next = await all.next()) yield next.value;
    },
    async end() {
      while (!(await all.next()).done);
    },
    known: () => ({ labels: isLabeled ? labels : undefined, fit: Int32Array.from(fit) }),
    async *calibration() {
      await Promise.resolve(); // an async generator, as that of rows that are there
      yield* kept.blocks();
    },
    async *sets() {
      await Promise.resolve();
      yield* sets.blocks();
    },
    async close() {
      await all.return(undefined);
    },
  };
}
