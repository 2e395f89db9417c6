import { ArgumentError } from '../core/errors';
import { checkedHead } from '../scorers/contract/checked-head';
import { checkHeadAgrees } from '../scorers/contract/head-agreement';
import { readRows, type Rows } from '../scorers/contract/rows';
import type { Head, LogitMeaning, ModelOutputs, ScorerMethod } from '../scorers/contract/scorer';
import { checkClassNames, checkFoundNames } from './detector-options';
import { checkGivenOutputs, widthsOf, type OutputWidths } from './given-outputs';
import { checkColumns, usesLogits } from './logit-meaning';

/** What a fit knows before it sees outputs. */
export interface Expected {
  method: ScorerMethod;
  head: Head | undefined;
  meaning: LogitMeaning;
  /** As the caller gave them. */
  classNames: readonly string[] | undefined;
  /** Instead of them, names of labels. */
  found?: readonly string[] | undefined;
}

/** Rows that are enough to tell probabilities from logits: one row of logits may sum to 1 by chance. */
const FEWEST_ROWS = 2;
/** Tags have no sum to show it: so many numbers of logits are not all in [0, 1] by chance. */
const FEWEST_TAGS = 32;
/** Half precision and printed digits leave sums of probabilities this near to 1. */
const TOLERANCE = 1e-3;

const isShare = (value: number) => value >= 0 && value <= 1;

/** Whether a row of more than one number is a list of probabilities. */
function isDistribution(row: Float32Array): boolean {
  return row.length > 1 && row.every(isShare) && Math.abs(row.reduce((sum, p) => sum + p, 0) - 1) <= TOLERANCE;
}

/**
 * Looks at logits until they are seen to be logits, and throws where all that came are probabilities. To a scorer that
 * does not use them the largest of a row is the same in both; that of a tag is not: z > 0 is p > 1/2.
 */
function probabilityWatch(where: string, method: ScorerMethod, meaning: LogitMeaning) {
  let decided = meaning === 'classes' && !usesLogits(method);
  let [rows, numbers] = [0, 0];
  return ({ data, shape: [count, columns] }: Rows): void => {
    if (decided) return;
    const isAll = (holds: (row: Float32Array) => boolean) =>
      Array.from({ length: count }, (_, at) => data.subarray(at * columns, (at + 1) * columns)).every(holds);
    decided = !(meaning === 'tags' ? data.every(isShare) : isAll(isDistribution));
    [rows, numbers] = [rows + count, numbers + data.length];
    if (decided || (meaning === 'tags' ? numbers < FEWEST_TAGS : rows < FEWEST_ROWS)) return;
    const expected =
      meaning === 'tags'
        ? 'what goes into the sigmoids (or Math.log(p / (1 - p)) of each probability, which has the same sigmoid)'
        : 'what goes into the softmax (or Math.log of each probability, which has the same softmax)';
    throw new ArgumentError(where, 'logits', expected, 'probabilities');
  };
}

/**
 * Takes note of the first outputs that a fit sees: how wide they are, that they are logits, and that a head makes them
 * of these features.
 */
export function firstOutputs(where: string, { method, head: given, meaning, classNames, found }: Expected) {
  const head = given && checkedHead(where, { head: given });
  let widths: OutputWidths | undefined;
  const watch = probabilityWatch(where, method, meaning);
  const lookAtLogits = async (batch: Partial<ModelOutputs>) => watch(await readRows(where, 'logits', batch));
  if (head) checkColumns(where, method, meaning, head.shape[1]);
  return {
    widths: (): OutputWidths => widths ?? {},
    async see(batch: Partial<ModelOutputs>): Promise<void> {
      const isFirst = widths === undefined;
      widths ??= widthsOf(batch, method.needs);
      checkGivenOutputs(where, batch, widths);
      if (batch.logits === undefined) return;
      if (isFirst) {
        checkColumns(where, method, meaning, widths.logits!);
        checkClassNames(where, classNames, { columns: widths.logits });
        if (found) checkFoundNames(where, found, meaning, widths.logits!);
      }
      await lookAtLogits(batch);
      if (!isFirst || !head || batch.features === undefined) return;
      const [features, logits] = [await readRows(where, 'features', batch), await readRows(where, 'logits', batch)];
      await checkHeadAgrees(where, head, features, logits);
    },
  };
}
