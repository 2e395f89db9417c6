import { FormatError } from '../errors';
import { isRecord, type RefuseValue } from './json';
import type { Rule } from '../check';

/** The declaration of every field of a saved object. */
export type SavedFields<O> = { readonly [K in keyof O]-?: readonly [rule: Rule, or?: O[K] | undefined] };

/**
 * An object of a saved state, options for instance: each field under its rule, none that is not declared. Only one that
 * is declared with a default (`[RULE, undefined]` is one too) may be missing.
 *
 * @param path what errors call the place of the object, such as `state.options`
 * @throws FormatError naming the field, such as `state.options.k`
 */
export function readSaved<O extends object>(where: string, given: unknown, declared: SavedFields<O>, path: string): O {
  const refuse: RefuseValue = (names, expected, received) => {
    throw new FormatError(where, [path, ...names].join('.'), expected, received);
  };
  return readFields<O>(refuse, given, declared, []);
}

/** {@link readSaved} for whoever says what is wrong in another way, or reads an object within another. */
export function readFields<O extends object>(
  refuse: RefuseValue,
  given: unknown,
  declared: SavedFields<O>,
  path: readonly string[],
): O {
  if (!isRecord(given)) return refuse(path, 'an object', shownJson(given));
  // The declared ones first: where another format or version came, its other fields say nothing.
  const read = Object.entries<readonly [rule: Rule, or?: unknown]>(declared).map(([name, option]) => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined && option.length === 2) return [name, option[1]] as const;
    const { expected, holds } = option[0];
    const fits = value !== undefined && holds(value as number);
    return [name, fits ? value : refuse([...path, name], expected, shownJson(value))] as const;
  });
  const names = Object.keys(declared);
  const other = Object.keys(given).find((name) => !names.includes(name) && given[name] !== undefined);
  if (other !== undefined) {
    return refuse([...path, other], `left out (there are only ${names.join(', ')})`, shownJson(given[other]));
  }
  return Object.fromEntries(read) as O; // no name is special, `__proto__` neither
}

/** A value as JSON, or the beginning of it: what comes from outside may be of any length, or no JSON at all. */
export function shownJson(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return String(value);
  try {
    return JSON.stringify(value).slice(0, 80);
  } catch {
    return typeof value;
  }
}
