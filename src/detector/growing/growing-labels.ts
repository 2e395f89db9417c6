import { INDEX } from '../../core/check';
import { ArgumentError, ShapeError } from '../../core/errors';

/** What a row is called: a name, or a whole number from 0. */
export type GrowingLabel = string | number;

/** What `predict` answers where it is none of the labels. */
export const UNKNOWN = 'unknown';

export const LABEL = {
  expected: `a name other than '${UNKNOWN}' (which is what predict answers) or a whole number from 0`,
  holds: (value: unknown): boolean =>
    typeof value === 'string' ? value !== UNKNOWN : INDEX.holds(value as number) && !Object.is(value, -0),
};

/** A label as an error shows it: 1 and '1' are two. */
export const shownLabel = (label: GrowingLabel): string => (typeof label === 'string' ? `'${label}'` : `${label}`);

/** One label for each row: the one for all, or those of a list. @throws ArgumentError, ShapeError */
export function labelsFor(where: string, given: unknown, count: number): GrowingLabel[] {
  if (!Array.isArray(given)) {
    if (LABEL.holds(given)) return new Array<GrowingLabel>(count).fill(given as GrowingLabel);
    throw new ArgumentError(where, 'label', LABEL.expected, given);
  }
  if (given.length !== count)
    throw new ShapeError(where, 'label', `one label, or ${count} for ${count} rows`, `${given.length}`);
  const at = given.findIndex((label) => !LABEL.holds(label));
  if (at < 0) return given as GrowingLabel[];
  throw new ArgumentError(where, `label[${at}]`, LABEL.expected, given[at]);
}

/** Throws unless all labels are names, or all numbers: 1 beside '1' is a slip. */
export function checkOneKind(where: string, labels: readonly GrowingLabel[]): void {
  const other = labels.find((label) => typeof label !== typeof labels[0]);
  if (other === undefined) return;
  const expected = typeof other === 'number' ? 'a name, as the labels before it' : 'a number, as the labels before it';
  throw new ArgumentError(where, 'label', expected, shownLabel(other));
}

/** How many rows each label has, in the order in which they came first. */
export function countLabels(labels: readonly GrowingLabel[]): Map<GrowingLabel, number> {
  const counts = new Map<GrowingLabel, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}

/** The label that most of the nearest rows have, of equally many that of the nearest row; and the share of each. */
export function vote(
  labels: readonly GrowingLabel[],
  nearest: Int32Array,
): { label: GrowingLabel; confidences: Record<string, number> } {
  const votes = new Map<GrowingLabel, number>(Array.from(countLabels(labels).keys(), (label) => [label, 0]));
  const own = Array.from(nearest, (row) => labels[row]!);
  for (const label of own) votes.set(label, votes.get(label)! + 1);
  const label = own.reduce((best, other) => (votes.get(other)! > votes.get(best)! ? other : best));
  return {
    label,
    confidences: Object.fromEntries(Array.from(votes, ([name, count]) => [name, count / own.length])),
  };
}
