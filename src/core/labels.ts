import { ArgumentError } from './errors';
import { isListed, shownAt } from './shown-value';

/** What labels are good for here; without a rule, class indices of known rows. */
export interface LabelRule {
  /** The argument's name; default `labels`. */
  what?: string;
  /** Labels below 0 mean OoD and are welcome. */
  ood?: boolean;
  /** Labels from here on are refused; default 2^31. */
  below?: number | undefined;
  /** What an error says in place of the usual words. */
  expected?: string | undefined;
}

/**
 * The one check of labels: whole numbers of 32 bits, as a copy. Strings, bigints, booleans and one-hot rows, which
 * JavaScript would turn into some class in silence, are refused by type and index.
 *
 * @throws ArgumentError for what is no array of labels
 */
export function checkLabels(
  where: string,
  labels: unknown,
  {
    what = 'labels',
    ood = false,
    below = 2 ** 31,
    expected = ood ? `whole numbers below ${below}` : `class indices from 0 to ${below - 1} (leave OoD rows out)`,
  }: LabelRule = {},
): Int32Array {
  if (!isListed(labels)) throw new ArgumentError(where, what, expected, labels);
  const least = ood ? -(2 ** 31) : 0;
  return Int32Array.from(labels as ArrayLike<number>, (label, i) => {
    if (Number.isInteger(label) && label >= least && label < below) return label;
    throw new ArgumentError(where, what, expected, shownAt(label, i));
  });
}
