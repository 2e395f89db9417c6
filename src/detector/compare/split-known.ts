import { ArgumentError } from '../../core/errors';
import type { Head, LogitMeaning, ScorerMethod } from '../../scorers/contract/scorer';
import { holdOut } from '../calibration/hold-out';
import { checkClassNames } from '../detector-options';
import { firstOutputs } from '../first-outputs';
import { isStream } from '../known/block-stream';
import { columnOrder } from '../known/column-order';
import { gatheredRows } from '../known/gathered-rows';
import { rowsFrom, type KnownBlock, type OutputSource } from '../known/known-rows';
import { splitAs } from '../known/split-whole';

/** Rows at a time, of outputs that are there already. */
const BLOCK = 256;

/** For what is looked at in outputs: they are for scorers of any kind. */
const anyMethod = (where: string): ScorerMethod => {
  const never = () => Promise.reject(new Error(where));
  return {
    kind: where,
    needs: [],
    fitNeeds: ['logits'],
    takesTags: true,
    fit: never,
    restore: () => {
      throw new Error(where);
    },
    partial: never,
    partialFrom: never,
    fromPartial: never,
  };
};

/** Throws for a stream: rows that were held out are scored again, and known ones by scorers without their class. */
export function checkWholeRows(where: string, what: string, given: unknown): void {
  if (!isStream(given)) return;
  throw new ArgumentError(where, what, 'a whole (rows that come once cannot be left out in turn)', 'a stream');
}

/** What is known of the rows beforehand. */
export interface KnownSplit {
  heldOutShare: number;
  seed: number;
  classNames: readonly string[] | undefined;
  meaning: LogitMeaning;
  head?: Head | undefined;
}

/** All of a source's rows, or some, as one block. */
export const gatheredOf = (source: OutputSource, rows = rowsFrom(0, source.count)): Promise<KnownBlock> =>
  gatheredRows(splitAs(source, { fit: rows }, { onProgress: () => {}, blockSize: BLOCK }).fit());

/** Known rows in two parts, and a look at others that must be like them. */
export async function splitKnown(
  where: string,
  source: OutputSource,
  { heldOutShare, seed, classNames, meaning, head }: KnownSplit,
) {
  const drawn = holdOut(where, source.count, heldOutShare, seed);
  const { labels, names: found } = source;
  if (labels && meaning === 'classes') checkClassNames(where, classNames ?? found, { labels });
  const noted = firstOutputs(where, { method: anyMethod(where), head, meaning, classNames, found });
  const [fit, held] = [await gatheredOf(source, drawn.fit), await gatheredOf(source, drawn.calibration)];
  const order = found && columnOrder(where, found);
  for (const part of [fit, held]) {
    await noted.see(part);
    order?.look(part);
  }
  order?.check();
  return { fit, held, heldRows: drawn.calibration };
}
