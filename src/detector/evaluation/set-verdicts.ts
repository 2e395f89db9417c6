import type { Rule } from '../../core/check';
import { ArgumentError, NotFiniteError, ShapeError } from '../../core/errors';
import { isStream } from '../known/block-stream';
import { readKnownLabels } from '../known/known-labels';
import { namingBlock } from '../naming-rows';
import type { Verdict } from '../judged-detector';

/** What evaluations need of a verdict. */
export type EvaluatedVerdict = Pick<Verdict<unknown>, 'label' | 'score' | 'pValue' | 'isOod'>;

/** What was said of a set, and the labels that came with it. */
export interface SetVerdicts {
  verdicts: EvaluatedVerdict[];
  /** Class indices [N], where labels were asked for and came. */
  labels: number[] | undefined;
}

/** How the blocks of a set are read and judged. */
export interface SetReader<Block> {
  where: string;
  /** Rows and labels of what came. */
  split(block: unknown): { rows: Block; labels: unknown };
  predict(rows: Block): Promise<readonly EvaluatedVerdict[]>;
  classNames: readonly string[] | undefined;
  /** Which class indices there are, where that is known. */
  classes: Rule | undefined;
}

/** Not of the set: what is wrong is so for each. */
const OF_CALL = ['alpha', 'cutPoint', 'backend', 'detector'];

/** An error of a prediction as one of `where`, which names the set. */
async function namingSet<T>(where: string, set: string, done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    if (!(error instanceof ArgumentError || error instanceof ShapeError || error instanceof NotFiniteError))
      throw error;
    const { what, expected, received } = error.details;
    const Kind = error.constructor as typeof ArgumentError;
    throw new Kind(where, OF_CALL.includes(what) ? what : `${set}: ${what}`, expected, received);
  }
}

/** The labels of a block as class indices. @throws ArgumentError, ShapeError */
async function labelsOf(
  { where, classNames, classes }: Pick<SetReader<unknown>, 'where' | 'classNames' | 'classes'>,
  given: unknown,
  count: number,
) {
  const { labels, names } = await readKnownLabels(where, given, { classNames });
  if (names) {
    throw new ArgumentError(where, 'labels', 'class indices, as the detector has no classNames', 'names');
  }
  if (labels.length !== count) {
    throw new ShapeError(where, 'labels', `${count} labels, one for each row`, labels.length);
  }
  const odd = classes ? labels.findIndex((label) => !classes.holds(label)) : -1;
  // As a wrong answer it would make the accuracy of another labeling
  if (odd >= 0) throw new ArgumentError(where, 'labels', classes!.expected, `${labels[odd]} at index ${odd}`);
  return labels;
}

/**
 * Verdicts of a set, block by block.
 *
 * @param set its name in errors
 * @param isLabeled whether labels count
 * @throws as `predict`, naming the set; ArgumentError for a set without rows; ShapeError where some blocks have labels
 */
export async function setVerdicts<Block>(
  { where, split, predict, ...known }: SetReader<Block>,
  set: string,
  given: unknown,
  isLabeled: boolean,
): Promise<SetVerdicts> {
  const verdicts: EvaluatedVerdict[] = [];
  const labels: number[] = [];
  const read = async (block: unknown): Promise<void> => {
    const { rows, labels: own } = split(block);
    const said = await predict(rows);
    if (isLabeled && own !== undefined) {
      for (const label of await labelsOf({ where, ...known }, own, said.length)) labels.push(label);
    }
    for (const verdict of said) verdicts.push(verdict);
    if (labels.length !== 0 && labels.length !== verdicts.length) {
      throw new ShapeError(
        where,
        'labels',
        'there in each block, or in none',
        `${labels.length} of ${verdicts.length}`,
      );
    }
  };
  if (isStream(given)) {
    let place = 0;
    for await (const block of given) {
      const at = { block: `block ${place++}`, before: verdicts.length };
      await namingSet(where, set, namingBlock(read(block), at));
    }
  } else await namingSet(where, set, read(given));
  if (verdicts.length === 0) throw new ArgumentError(where, set, 'at least one row', 'none');
  return { verdicts, labels: labels.length > 0 ? labels : undefined };
}
