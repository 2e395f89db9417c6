import { oneOf, type Rule } from '../core/check';
import { ArgumentError, FormatError } from '../core/errors';
import { shownJson } from '../core/saved/read-saved';
import { indexOfLargest } from '../scorers/contract/logit-scores';
import { readRows } from '../scorers/contract/rows';
import type { FitNeed, LogitMeaning, ModelOutputs, ScorerMethod } from '../scorers/contract/scorer';

export const MEANING: Rule = oneOf('classes', 'tags');

/** Name of the predicted class, or its index where there are no names; undefined where there are no logits. */
export type ClassLabel = string | number | undefined;

/** One of the names that a fit was given: `'cat' | 'dog' | undefined` of `classNames: ['cat', 'dog']`. */
export type NamedLabel<Names extends readonly string[]> = Names[number] | undefined;

/**
 * Names of the tags that the model says yes to (z > 0), or their indices as text where there are no names; undefined
 * where there are no logits.
 */
export type TagLabels = readonly string[] | undefined;

/** The method itself, or those that an ensemble is made of. */
const partsOf = (method: ScorerMethod): readonly ScorerMethod[] => method.members?.flatMap(partsOf) ?? [method];

const asksFor = ({ needs, fitNeeds }: ScorerMethod): readonly FitNeed[] => [...needs, ...(fitNeeds ?? [])];

const takesTags = (method: ScorerMethod): boolean =>
  Boolean(method.takesTags ?? asksFor(method).every((need) => need === 'features'));

/**
 * What a row of logits says: what is known of the model, or else tags where the method is made for them.
 *
 * @throws ArgumentError where the method, or one that it is made of, is not for tags, by its name
 */
export function meaningFor(where: string, method: ScorerMethod, known: LogitMeaning | undefined): LogitMeaning {
  const parts = partsOf(method);
  const other = parts.find((part) => !takesTags(part));
  if (known === 'tags' && other) {
    const expected =
      `one for tags, such as jointEnergy(), nearestNeighbors() or residual() (each logit of this model is a yes or no ` +
      `by itself, and '${other.kind}' assumes that a row chooses one class)`;
    throw new ArgumentError(where, 'scorer', expected, other.kind);
  }
  return known ?? (!other && parts.some((part) => part.takesTags === 'first') ? 'tags' : 'classes');
}

/** Whether scores depend on the logits, not only the labels of verdicts. */
export const usesLogits = (method: ScorerMethod): boolean =>
  asksFor(method).some((need) => need === 'logits' || need === 'logitsOf' || need === 'head');

/** Throws where a method that is of a softmax gets one column: the softmax of it is 1, whatever it is. */
export function checkColumns(where: string, method: ScorerMethod, meaning: LogitMeaning, columns: number): void {
  if (meaning === 'tags' || columns !== 1) return;
  const other = partsOf(method).find((part) => usesLogits(part) && !takesTags(part));
  if (!other) return;
  const expected =
    `at least two columns ('${other.kind}' compares classes, and there is one; of a single sigmoid's z take the two ` +
    `logits [-z/2, z/2])`;
  throw new ArgumentError(where, 'logits', expected, '[N, 1]');
}

/** What a saved detector says of its logits. @throws FormatError */
export function savedMeaning(where: string, { meaning }: Readonly<Record<string, unknown>>): LogitMeaning {
  if (MEANING.holds(meaning as number)) return meaning as LogitMeaning;
  throw new FormatError(where, 'metadata.about.meaning', MEANING.expected, shownJson(meaning));
}

/** What the logits say of each row. One column that is no tag chooses nothing. */
export async function predictedLabels(
  where: string,
  logits: ModelOutputs['logits'],
  meaning: LogitMeaning,
  names: readonly string[] | undefined,
): Promise<(ClassLabel | TagLabels)[]> {
  const { data, shape } = await readRows(where, 'logits', { logits });
  const [count, columns] = shape;
  return Array.from({ length: count }, (_, at) => {
    const row = data.subarray(at * columns, (at + 1) * columns);
    if (meaning === 'tags') return Array.from(row, (z, i) => (z > 0 ? [names?.[i] ?? `${i}`] : [])).flat();
    if (columns === 1) return undefined;
    const index = indexOfLargest(row);
    return names?.[index] ?? index;
  });
}
