import { ArgumentError, ShapeError } from '../../core/errors';
import type { NamedArray } from '../../core/saved/safetensors';
import { firstWrong, type SavedArrays } from '../../core/saved/saved-arrays';
import { isListed, shownAt } from '../../core/shown-value';

/** What names a row: a whole number, a bigint or a text. 7 and 7n are one id, '7' is another. */
export type RowId = number | bigint | string;

/** Ids of a block, one for each row. */
export type GivenIds = ArrayLike<RowId>;

/** Half of a pair of units that stands alone: no text that UTF-8 has. */
const LONE = /\p{Surrogate}/u;

/** One id in its one form; undefined where it is none. */
function oneForm(id: unknown): RowId | undefined {
  if (typeof id === 'number') return Number.isSafeInteger(id) ? id + 0 : undefined;
  if (typeof id === 'bigint') return Number.isSafeInteger(Number(id)) ? Number(id) : id;
  return typeof id === 'string' && !LONE.test(id) ? id : undefined;
}

/** The ids of a block, checked: one for each row, none twice. @throws ArgumentError, ShapeError */
export function readIds(where: string, given: unknown, count?: number): RowId[] {
  const expected = 'a whole number within 2^53, a bigint or a text for each row';
  if (!isListed(given)) throw new ArgumentError(where, 'ids', expected, given);
  if (count !== undefined && given.length !== count) {
    throw new ShapeError(where, 'ids', `${count} ids, one for each row`, given.length);
  }
  const seen = new Set<RowId>();
  return Array.from(given, (one, i) => {
    const id = oneForm(one);
    if (id === undefined) throw new ArgumentError(where, 'ids', expected, shownAt(one, i));
    if (seen.size === seen.add(id).size) throw twice(where, id, `at index ${i}`);
    return id;
  });
}

/** What is thrown for an id that comes again. */
export const twice = (where: string, id: RowId, place: string): ArgumentError =>
  new ArgumentError(where, 'ids', 'another for each row', `${shownId(id)} again ${place}`);

/** An id as one would write it. */
export const shownId = (id: RowId): string =>
  typeof id === 'string' ? JSON.stringify(id) : `${id}${typeof id === 'bigint' ? 'n' : ''}`;

const isId = (id: number) => Number.isSafeInteger(id) && !Object.is(id, -0);
/** Ids among saved arrays: numbers as they are; of others the text, a line each. */
export const SAVED_IDS = {
  ids: {
    dtype: 'F64',
    shape: ['R'],
    optional: true,
    rule: { expected: 'whole numbers', wrong: /* @__PURE__ */ firstWrong(isId) },
  },
  idLines: { dtype: 'U8', shape: ['bytes'], optional: true },
} as const satisfies SavedArrays;

/** Ids as arrays of {@link SAVED_IDS}. */
export function writeIds(ids: readonly RowId[]): Record<string, NamedArray> {
  if (ids.length === 0) return {};
  if (ids.every((id) => typeof id === 'number')) {
    return { ids: { dtype: 'F64', shape: [ids.length], data: Float64Array.from(ids) } };
  }
  const lines = new TextEncoder().encode(ids.map(shownId).join('\n'));
  return { idLines: { dtype: 'U8', shape: [lines.length], data: lines } };
}

function idOf(line: string): RowId | undefined {
  if (/^-?\d+n?$/.test(line)) {
    const id = oneForm(line.endsWith('n') ? BigInt(line.slice(0, -1)) : Number(line));
    return id !== undefined && shownId(id) === line ? id : undefined;
  }
  try {
    const text: unknown = JSON.parse(line);
    return typeof text === 'string' && shownId(text) === line ? oneForm(text) : undefined;
  } catch {
    return undefined;
  }
}

/** Ids of those arrays; undefined where they are none, or one comes twice. */
export function savedIds(arrays: {
  ids?: Float64Array | undefined;
  idLines?: Uint8Array | undefined;
}): RowId[] | undefined {
  let read: (RowId | undefined)[];
  if (arrays.idLines) {
    if (arrays.ids) return undefined;
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(arrays.idLines);
      read = text.split('\n').map(idOf);
    } catch {
      return undefined;
    }
  } else read = Array.from(arrays.ids ?? []);
  const isWrong = read.includes(undefined) || new Set(read).size < read.length;
  return isWrong ? undefined : (read as RowId[]);
}
