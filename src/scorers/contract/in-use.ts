import { ArgumentError } from '../../core/errors';

/** A guard that throws once the scorer is disposed. */
export function inUse(where: string): { check(): void; end(): void } {
  let ended = false;
  return {
    check() {
      if (!ended) return;
      throw new ArgumentError(where, 'scorer', 'one that is in use', 'one after dispose()');
    },
    end: () => void (ended = true),
  };
}
