import { InvalidArgumentError } from 'commander';

/** A count on the command line. */
export function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number from 1.');
  return value;
}

/** Names with commas between, each a known one. */
export const namesAmong =
  (known: readonly string[]) =>
  (text: string): string[] => {
    const names = text.split(',').map((name) => name.trim());
    if (names.every((name) => known.includes(name))) return names;
    throw new InvalidArgumentError(`Expected names among ${known.join(', ')}.`);
  };
