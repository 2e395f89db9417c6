import { check, type Rule } from './check';
import { ArgumentError } from './errors';
import { nearestName } from './nearest-name';
import { tagOf } from './shown-value';

/** What an option may be, and what it is where none is given (left out: nothing). */
export type Option<T = unknown> = readonly [rule: Rule, or?: T];

/** The declaration of every option of a public function. */
export type Declared<O> = { readonly [K in keyof O]-?: Option<O[K]> };

/** The options with their defaults. */
export type Read<O, D> = {
  readonly [K in keyof O & keyof D]-?: D[K] extends readonly [Rule] ? O[K] : Exclude<O[K], undefined>;
};

/**
 * The options of a call: checked, with defaults, none that is not declared. Declare them in the function: a table
 * beside it that calls `oneOf` stays in bundles that never call the function.
 *
 * @throws ArgumentError for an option out of its rule, or left out where the rule is `required`; for one that does not
 *   exist, naming the nearest that does
 */
export function readOptions<O extends object, const D extends Declared<O>>(
  where: string,
  given: O = {} as O,
  declared: D,
): Read<O, D> {
  // No list, and no promise either, with which every option would be its default
  if (tagOf(given) !== '[object Object]') throw new ArgumentError(where, 'options', 'an object', given);
  for (const name in given) {
    if (Object.hasOwn(declared, name)) continue;
    throw new ArgumentError(where, 'options', `without ${name} (${nearestName(name, Object.keys(declared))}?)`, given);
  }
  const read: Record<string, unknown> = {};
  for (const name in declared) {
    const [rule, or] = declared[name as keyof D] as Option;
    const { [name]: value = or } = given as Record<string, unknown>;
    if (value !== undefined || rule.isRequired) check(where, name, value, rule);
    read[name] = value;
  }
  return read as Read<O, D>;
}
