import { holdOut } from '../hold-out';
import type { KnownBlock, OutputSource, Split, SplitRows } from './known-rows';

/** Known rows that are all there: a uniform draw of them calibrates. @throws ArgumentError where they are too few */
export function splitWhole(
  where: string,
  source: OutputSource,
  { calibrationShare, seed, onProgress, ...split }: Split,
): SplitRows {
  const { count, labels, blockSize = split.blockSize } = source;
  const { fit, calibration } = holdOut(where, count, calibrationShare, seed);

  async function* blocksOf(rows: Int32Array, before: number): AsyncGenerator<KnownBlock> {
    for (let from = 0; from < rows.length; from += blockSize) {
      const own = rows.subarray(from, from + blockSize);
      const { batch, dispose } = await source.batchOf(own);
      try {
        yield { ...batch, ...(labels && { labels: own.map((row) => labels[row]!) }) };
      } finally {
        dispose();
      }
      onProgress(before + from + own.length);
    }
  }
  return {
    count,
    fit: () => blocksOf(fit, 0),
    end: () => Promise.resolve(),
    known: () => ({ labels, fit }),
    calibration: () => blocksOf(calibration, fit.length),
    close: () => Promise.resolve(),
  };
}
