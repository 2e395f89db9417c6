import { ArgumentError } from './errors';

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

/** What came: a number as it is, all else by its type. */
function nameOf(value: unknown): string {
  if (typeof value === 'object' && value) return value.constructor?.name ?? 'object';
  return value == null || typeof value === 'number' ? String(value) : `${typeof value} ${value as string}`;
}

/**
 * The one check of labels: whole numbers of 32 bits, as a copy. Strings, bigints, booleans and one-hot rows, which
 * JavaScript would turn into some class in silence, are refused by type and index.
 */
export function checkLabels(
  where: string,
  labels: unknown,
  {
    what = 'labels',
    ood = false,
    below = 2 ** 31,
    expected = ood ? 'whole numbers of 32 bits' : 'class indices from 0 (leave OoD rows out)',
  }: LabelRule = {},
): Int32Array {
  const refuse = (received: string): never => {
    throw new ArgumentError(where, what, expected, received);
  };
  const list = labels as ArrayLike<number> | undefined;
  if (typeof labels !== 'object' || !Number.isInteger(list?.length)) refuse(nameOf(labels));
  return Int32Array.from(list!, (label, i) =>
    Number.isInteger(label) && label >= (ood ? -(2 ** 31) : 0) && label < below
      ? label
      : refuse(`${nameOf(label)} at index ${i}`),
  );
}
