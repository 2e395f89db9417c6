import { ArgumentError } from '../core/errors';

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

/** Options with their defaults, against how many images there are: known ones by class, OoD ones. */
export function checkOptions(
  options: OdmBatchesOptions,
  classCounts: readonly number[],
  outCount: number,
): Required<OdmBatchesOptions> {
  const { seed, batchSize = 1024, outShare = 0.25, outEvery = 2, similarShare = 0.25 } = options;
  const refuse = (what: string, expected: string, received: string | number): never => {
    throw new ArgumentError(where, what, expected, received);
  };
  if (!Number.isSafeInteger(seed)) refuse('seed', 'an integer', seed);
  if (!(Number.isInteger(batchSize) && batchSize >= 2 && batchSize % 2 === 0)) {
    refuse('batchSize', 'an even whole number from 2', batchSize);
  }
  if (!(outShare >= 0 && outShare <= 0.5)) refuse('outShare', 'in [0, 0.5]', outShare);
  if (!(Number.isInteger(outEvery) && outEvery >= 0)) refuse('outEvery', 'a whole number from 0', outEvery);
  if (!(similarShare >= 0 && similarShare <= 1)) refuse('similarShare', 'in [0, 1]', similarShare);
  const half = batchSize / 2;
  const known = classCounts.reduce((sum, count) => sum + count, 0);
  if (known < half) {
    refuse('labels', `at least ${half} labels from 0, half a batch of ${batchSize}`, `${known} of them`);
  }
  if (classCounts.length < 2 && similarCount(similarShare, batchSize) < half) {
    refuse('labels', 'of two known classes or more (one is enough for similarShare 1)', 'one class');
  }
  if (outEvery > 0 && outShare > 0) {
    if (outCount === 0) refuse('labels', 'some below 0, OoD images (outEvery: 0 asks for none)', 'none');
    if (outRowCount(outShare, batchSize) === 0) {
      refuse('outShare', `0, or enough for one of ${batchSize} rows`, outShare);
    }
  }
  const { stepsPerEpoch = Math.floor(known / half) } = options;
  if (!(Number.isInteger(stepsPerEpoch) && stepsPerEpoch >= 1)) {
    refuse('stepsPerEpoch', 'a whole number from 1', stepsPerEpoch);
  }
  return { seed, batchSize, outShare, outEvery, similarShare, stepsPerEpoch };
}

/** Pairs of one class in a batch, rounded to the nearest. */
export const similarCount = (similarShare: number, batchSize: number): number =>
  Math.round((similarShare * batchSize) / 2);

/** OoD rows in a batch that has some, rounded to the nearest, at most the right half. */
export const outRowCount = (outShare: number, batchSize: number): number => Math.round(outShare * batchSize);
