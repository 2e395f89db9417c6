/** What JavaScript calls the kind of a value, in whichever frame it was made: `[object Uint8Array]`. */
export const tagOf = (value: unknown): string => Object.prototype.toString.call(value);

/** A value as one would write it; of a plain object its names alone, of others their kind. */
export function shown(value: unknown): string {
  const tag = tagOf(value);
  if (tag === '[object Array]') return `[${(value as unknown[]).join(', ')}]`;
  if (tag === '[object Object]') return `{ ${Object.keys(value as object).join(', ')} }`;
  if (typeof value === 'function') return 'a function';
  return Object(value) === value ? tag : String(value);
}

/** What a list holds at a place: a number as it is, all else by its type. */
export const shownAt = (value: unknown, i: number): string =>
  `${typeof value === 'number' ? value : typeof value} at index ${i}`;

/** Whether it is an array, a typed one or another list of numbers: no string, no tensor, no promise. */
export const isListed = (value: unknown): value is ArrayLike<unknown> =>
  typeof value === 'object' && Number.isInteger((value as ArrayLike<unknown> | null)?.length);
