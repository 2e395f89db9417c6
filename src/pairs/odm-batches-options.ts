import { ANY_SHARE, COUNT, INDEX, INTEGER, numberFrom, required, type Rule } from '../core/check';
import { ArgumentError } from '../core/errors';
import { readOptions } from '../core/read-options';

/** Options of `odmBatches`; the authors' values are the defaults. */
export interface OdmBatchesOptions {
  /** The order of all batches follows from it. */
  seed: number;
  /** Rows of a batch, even; default 1024. */
  batchSize?: number;
  /** Share of a batch that is OoD where it has some, at most 0.5; default 0.25. */
  outShare?: number;
  /** Every how many batches one has OoD images: 2 is every second, from the second on; 0 none. Default 2. */
  outEvery?: number;
  /** Share of the pairs whose two images are of one class, before OoD images come in; default 0.25. */
  similarShare?: number;
  /** Batches of an epoch; default: as many as the known images fill left halves, the rest is left out. */
  stepsPerEpoch?: number;
}

const where = 'odmBatches';

/** Two halves. */
const EVEN_COUNT: Rule = {
  expected: 'an even whole number from 2',
  holds: (value) => COUNT.holds(value) && value % 2 === 0,
};

/** Options with their defaults, against how many images there are: known ones by class, OoD ones. */
export function checkOptions(
  options: OdmBatchesOptions,
  classCounts: readonly number[],
  outCount: number,
): Required<OdmBatchesOptions> {
  const read = readOptions(where, options, {
    seed: [required(INTEGER)],
    batchSize: [EVEN_COUNT, 1024],
    outShare: [numberFrom(0, 0.5), 0.25],
    outEvery: [INDEX, 2],
    similarShare: [ANY_SHARE, 0.25],
    stepsPerEpoch: [COUNT],
  });
  const { batchSize, outShare, outEvery, similarShare } = read;
  const half = batchSize / 2;
  const known = classCounts.reduce((sum, count) => sum + count, 0);
  if (known < half) {
    const expected = `at least ${half} labels from 0, half a batch of ${batchSize}`;
    throw new ArgumentError(where, 'labels', expected, `${known} of them`);
  }
  if (classCounts.length < 2 && similarCount(similarShare, batchSize) < half) {
    const expected = 'of two known classes or more (one is enough for similarShare 1)';
    throw new ArgumentError(where, 'labels', expected, 'one class');
  }
  if (outEvery > 0 && outShare > 0) {
    if (outCount === 0) {
      throw new ArgumentError(where, 'labels', 'some below 0, OoD images (outEvery: 0 asks for none)', 'none');
    }
    if (outRowCount(outShare, batchSize) === 0) {
      throw new ArgumentError(where, 'outShare', `0, or enough for one of ${batchSize} rows`, outShare);
    }
  }
  return { ...read, stepsPerEpoch: read.stepsPerEpoch ?? Math.floor(known / half) };
}

/** Pairs of one class in a batch, rounded to the nearest. */
export const similarCount = (similarShare: number, batchSize: number): number =>
  Math.round((similarShare * batchSize) / 2);

/** OoD rows in a batch that has some, rounded to the nearest, at most the right half. */
export const outRowCount = (outShare: number, batchSize: number): number => Math.round(outShare * batchSize);
