import { ANYTHING, RECORD } from '../../core/check';
import { ShapeError } from '../../core/errors';
import { pauses } from '../../core/pauses';
import { readOptions } from '../../core/read-options';
import type { Head, LogitMeaning } from '../../scorers/contract/scorer';
import type { GivenOutputs } from '../given-outputs';
import type { KnownBlock } from '../known/known-rows';
import { MEANING } from '../logit-meaning';
import { namingBlock } from '../naming-rows';
import { outputSource, type LabeledOutputs } from '../output-source';
import { checkMethods, compareOptions, type CompareOptions } from './compare-options';
import { compareRows, type StrangeRows } from './compare-rows';
import type { ScorerComparison } from './comparison';
import { checkWholeRows, gatheredOf, splitKnown } from './split-known';

/** Options of {@link compareOutputScorers}. */
export interface CompareOutputsOptions extends CompareOptions {
  /** What the model gave for images of what is unknown, by a name: `{ sketches: { features, logits } }`. */
  strange?: Readonly<Record<string, GivenOutputs>>;
  /** The last dense layer, for scorers that need it. */
  head?: Head;
  /** What a row of the logits says: `'classes'` (default) or `'tags'`. */
  meaning?: LogitMeaning;
}

/** Throws unless strange rows have what known ones have, as wide. */
export function checkLikeKnown(where: string, name: string, known: KnownBlock, strange: KnownBlock): void {
  for (const part of ['features', 'logits'] as const) {
    const [expected, own] = [known[part]?.shape[1], strange[part]?.shape[1]];
    if (expected === own) continue;
    const wanted = expected === undefined ? 'left out, as of the known rows' : `[N, ${expected}], as of the known rows`;
    throw new ShapeError(where, `${part} of strange.${name}`, wanted, own === undefined ? 'none' : `[N, ${own}]`);
  }
}

/**
 * Which scorer finds the unknown best, on outputs of a model in any runtime: as `compareScorers`, of rows that are
 * there already. No images can be made of them: without strange rows a class is left out in turn.
 *
 * @param outputs features [N, D], logits [N, C], or one of them, and labels [N] of known images
 * @throws ArgumentError for an option out of range, too few rows, or where nothing stands for the unknown; ShapeError,
 *   NotFiniteError naming the row
 * @example
 * const { best, text } = await compareOutputScorers({ features, logits, labels }, { only: ['energy', 'mahalanobis'] });
 * console.log(text, best.said);
 */
export async function compareOutputScorers(
  outputs: LabeledOutputs,
  options?: CompareOutputsOptions,
): Promise<ScorerComparison> {
  const where = 'compareOutputScorers';
  const read = readOptions(where, options, {
    ...compareOptions(),
    strange: [RECORD],
    head: [ANYTHING],
    meaning: [MEANING, 'classes'],
  });
  const { strange: given = {}, head, meaning, proxies, ...how } = read;
  checkMethods(where, how.scorers);
  await pauses(how.signal)();
  checkWholeRows(where, 'outputs', outputs);
  const source = await outputSource(where, outputs, how.classNames);
  const { fit, held } = await splitKnown(where, source, { ...how, head, meaning });
  const strange: StrangeRows[] = [];
  for (const [name, own] of Object.entries(given)) {
    checkWholeRows(where, `strange.${name}`, own);
    const at = { block: `strange.${name}`, before: 0 };
    const rows = await namingBlock(outputSource(where, own, undefined).then(gatheredOf), at);
    checkLikeKnown(where, name, fit, rows);
    strange.push({ name, isProxy: false, about: 'strange rows as given', rows });
  }
  how.onProgress?.(source.count, source.count);
  const isLeavingOut = proxies ?? strange.length === 0;
  const notMade = 'of outputs no images can be made';
  return compareRows(where, { fit, held, strange, head, meaning, isLeavingOut, notMade }, how);
}
