import { FormatError } from '../core/errors';

/** Throws the FormatError of a file, for the byte at which it shows. */
export type RefuseFile = (expected: string, received: unknown, offset: number) => never;

/** What a reader throws by. */
export function refuseFile(where: string, file: string): RefuseFile {
  return (expected, received, offset) => {
    throw new FormatError(where, file, expected, received, offset);
  };
}
