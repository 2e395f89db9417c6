import { holdOut } from '../calibration/hold-out';
import type { KnownBlock, OutputSource, Split, SplitRows } from './known-rows';

/** Which rows do what; those that are named nowhere do nothing. */
interface Parts {
  fit: Int32Array;
  calibration?: Int32Array;
  sets?: Int32Array;
}

const NONE = new Int32Array(0);

/** Known rows that are all there, in these parts. */
export function splitAs(
  source: OutputSource,
  { fit, calibration = NONE, sets = NONE }: Parts,
  { onProgress, blockSize: usual }: Pick<Split, 'onProgress' | 'blockSize'>,
): SplitRows {
  const { count, labels, blockSize = usual } = source;

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
    sets: () => blocksOf(sets, fit.length + calibration.length),
    close: () => Promise.resolve(),
  };
}

/** Known rows that are all there: a uniform draw of them calibrates. @throws ArgumentError where they are too few */
export function splitWhole(
  where: string,
  source: OutputSource,
  { calibrationShare, setsShare, seed, ...how }: Split,
): SplitRows {
  const { fit, calibration } = holdOut(where, source.count, calibrationShare, seed);
  const sets = Math.min(fit.length - 1, Math.round(setsShare * source.count));
  return splitAs(source, { fit: fit.subarray(sets), calibration, sets: fit.subarray(0, sets) }, how);
}
