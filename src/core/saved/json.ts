import { checkParts } from './count-parts';

/** Numbers, words, lists and objects: what JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Whether a value is what JSON calls an object: no list, not null. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Levels below the outermost: more than anything that is saved has, and few enough for whoever goes through them by
 * recursion.
 */
export const MOST_LEVELS = 32;

/**
 * JSON.parse for texts from outside: one that is too deep is an error here, where it can be said, and does not exhaust
 * the stack of whoever shows or writes the value; so is one of too many parts, before they exhaust the memory.
 *
 * @throws SyntaxError for what is no JSON, too deep or of too many parts; the caller knows the file and says so
 */
export function parseJson(text: string): unknown {
  checkParts(text); // before it costs memory
  const value: unknown = JSON.parse(text);
  const objectsIn = (values: unknown[]) => values.filter((one) => typeof one === 'object' && one !== null);
  let level = objectsIn([value]);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_LEVELS) throw new SyntaxError(`more than ${MOST_LEVELS} levels`);
    level = level.flatMap((one) => objectsIn(Object.values(one)));
  }
  return value;
}

/** Says what is wrong with the value at a path; does not return. */
export type RefuseValue = (path: readonly string[], expected: string, received: string) => never;

/**
 * A copy of a value that JSON gives back as it is. Undefined, NaN, functions, dates, typed arrays and cycles are
 * errors.
 */
export function copyJson(value: unknown, path: readonly string[], refuse: RefuseValue): Json {
  const refuseThis = (received: string) => refuse(path, 'plain JSON', received);
  if (path.length > MOST_LEVELS) return refuseThis(`more than ${MOST_LEVELS} levels`);
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  // JSON has no -0
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : refuseThis(String(value));
  if (Array.isArray(value)) return Array.from(value, (item, i) => copyJson(item, [...path, String(i)], refuse));
  if (typeof value !== 'object') return refuseThis(typeof value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return refuseThis(value.constructor.name);
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, copyJson(item, [...path, name], refuse)]),
  );
}
