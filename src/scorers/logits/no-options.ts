import { ArgumentError } from '../../core/errors';

/** What a scorer without options may be given in their place. */
export type NoOptions = Readonly<Record<string, never>>;

/** Throws for an option where there are none; that they are an object, the scorer asks with its declaration. */
export function noOptions(where: string, given: NoOptions | undefined): NoOptions | undefined {
  if (typeof given !== 'object') return given;
  for (const name in given) throw new ArgumentError(where, 'options', `without ${name} (there are none)`, given);
  return given;
}
