import { FormatError } from './errors';
import { isRecord, type RefuseValue } from './json';
import type { Declared, Option } from './read-options';

/**
 * An object of a saved state, options for instance: each field under its rule, none that is not declared. Only one that
 * is declared with a default (`[RULE, undefined]` is one too) may be missing.
 *
 * @param path what errors call the place of the object, such as `state.options`
 * @throws FormatError naming the field, such as `state.options.k`
 */
export function readSaved<O extends object>(where: string, given: unknown, declared: Declared<O>, path: string): O {
  const refuse: RefuseValue = (names, expected, received) => {
    throw new FormatError(where, [path, ...names].join('.'), expected, received);
  };
  return readFields<O>(refuse, given, declared, []);
}

/** {@link readSaved} for whoever says what is wrong in another way, or reads an object within another. */
export function readFields<O extends object>(
  refuse: RefuseValue,
  given: unknown,
  declared: Declared<O>,
  path: readonly string[],
): O {
  if (!isRecord(given)) return refuse(path, 'an object', shownJson(given));
  const names = Object.keys(declared);
  const other = Object.keys(given).find((name) => !names.includes(name) && given[name] !== undefined);
  if (other !== undefined) {
    return refuse([...path, other], `left out (there are only ${names.join(', ')})`, shownJson(given[other]));
  }
  const read: Record<string, unknown> = {};
  for (const [name, option] of Object.entries<Option>(declared)) {
    const { expected, holds } = option[0];
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined && option.length === 2) read[name] = option[1];
    else if (value !== undefined && holds(value as number)) read[name] = value;
    else refuse([...path, name], expected, shownJson(value));
  }
  return read as O;
}

/** A value of JSON, or the beginning of it: a file from outside may hold anything, of any length. */
export function shownJson(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (isRecord(value)) return `{ ${Object.keys(value).slice(0, 10).join(', ')} }`.slice(0, 80);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : `${value as number}`;
}
