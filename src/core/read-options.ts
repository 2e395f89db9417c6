import { check, type Rule } from './check';
import { ArgumentError } from './errors';

/** What an option may be, and what it is where none is given (left out: nothing). */
export type Option<T = unknown> = readonly [rule: Rule, or?: T];

/** The declaration of every option of a public function. */
export type Declared<O> = { readonly [K in keyof O]-?: Option<O[K]> };

/** The options with their defaults. */
export type Read<O, D> = {
  readonly [K in keyof O & keyof D]-?: D[K] extends readonly [Rule] ? O[K] : Exclude<O[K], undefined>;
};

/**
 * The options of a call: checked, with defaults, none that is not declared.
 *
 * @throws ArgumentError for an option out of its rule; for one that does not exist, naming the nearest that does
 */
export function readOptions<O extends object, const D extends Declared<O>>(
  where: string,
  given: O | undefined,
  declared: D,
): Read<O, D> {
  checkNames(where, given, declared);
  const read: Record<string, unknown> = {};
  for (const name in declared) {
    const [rule, or] = declared[name as keyof D] as Option;
    const { [name]: value = or } = (given ?? {}) as Record<string, unknown>;
    if (value !== undefined) check(where, name, value, rule);
    read[name] = value;
  }
  return read as Read<O, D>;
}

/** Of no class: with a number, a promise or a tensor in the place of options every option would be its default. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const kind: unknown = Object.getPrototypeOf(value);
  return kind === null || Object.getPrototypeOf(kind) === null;
}

/** Throws unless options are an object with none but these names; of another name it says which one is nearest. */
export function checkNames(where: string, given: unknown, declared: object): void {
  if (given !== undefined && !isPlain(given)) throw new ArgumentError(where, 'options', 'an object', given);
  for (const name in given as object) {
    if (Object.hasOwn(declared, name)) continue;
    /** How many pairs of letters the other name shares: what a slip of the hand leaves. */
    const likeness = (other: string) => [...name].filter((_, i) => other.includes(name.slice(i, i + 2))).length;
    const longer = (other: string) => Math.abs(other.length - name.length);
    const [near] = Object.keys(declared).sort((a, b) => likeness(b) - likeness(a) || longer(a) - longer(b));
    throw new ArgumentError(where, 'options', `without ${name} (${near}?)`, given);
  }
}
