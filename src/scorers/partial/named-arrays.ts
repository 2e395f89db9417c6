import { FormatError } from '../../core/errors';
import type { NamedArray } from '../../core/saved/safetensors';

/** The arrays whose names begin so, without that. */
export function arraysOf(
  tensors: Readonly<Record<string, NamedArray | undefined>>,
  prefix: string,
): Record<string, NamedArray> {
  const own = Object.entries(tensors).filter(([name, array]) => array && name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, array]) => [name.slice(prefix.length), array!]));
}

/** The arrays under longer names. */
export const arraysAs = (prefix: string, arrays: Readonly<Record<string, NamedArray>>): Record<string, NamedArray> =>
  Object.fromEntries(Object.entries(arrays).map(([name, array]) => [prefix + name, array]));

/** Throws for arrays under other names. @throws FormatError */
export function checkPrefixes(where: string, path: string, arrays: object, prefixes: readonly string[]): void {
  const other = Object.keys(arrays).find((name) => !prefixes.some((prefix) => name.startsWith(prefix)));
  if (other !== undefined) throw new FormatError(where, path, `without ${other}`, arrays);
}
