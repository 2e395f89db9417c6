import { ArgumentError } from '../../core/errors';

/** Work that is done in the order in which it was asked for, one after the other. */
export function inTurn() {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    wait<T>(work: () => Promise<T>): Promise<T> {
      waiting++;
      const done = last.then(work).finally(() => waiting--);
      last = done.catch(() => undefined);
      return done;
    },
    /** Throws while there is work. */
    check(where: string): void {
      if (waiting === 0) return;
      throw new ArgumentError(where, 'partial', 'one whose blocks were all awaited', 'one that is being added to');
    },
  };
}
