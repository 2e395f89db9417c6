/** Thrown where a person stopped the run. */
export class Stopped extends Error {
  override name = 'Stopped';
}

/** Where a run is, for whoever stops it. */
export interface Place {
  /** In words: `training 3 of 15: odm, seed 2, epoch 7 of 25`; undefined before the first. */
  words?: string;
}

/** Status of a process that Ctrl-C ended. */
export const STOPPED = 130;

/**
 * Ctrl-C (and SIGTERM) ends a run between two steps, when what was done is kept; a second one ends it at once.
 *
 * @returns a signal, and what gives Ctrl-C back
 */
export function stopOnSignal(say = (line: string) => console.error(line)): { signal: AbortSignal; end: () => void } {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(STOPPED);
    say('\nStopping after this step. Ctrl-C again: at once, without what came after the last checkpoint.');
    controller.abort(new Stopped());
  };
  const names = ['SIGINT', 'SIGTERM'] as const;
  for (const name of names) process.on(name, stop);
  return { signal: controller.signal, end: () => names.forEach((name) => process.off(name, stop)) };
}

/** A word of a command as a shell takes it. */
const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** What a person reads who stopped a run: where it was, and how it goes on. */
export function stoppedText({ words }: Place, out: string, command: string, args: readonly string[]): string {
  const where = words === undefined ? 'before the first training' : `in ${words}; all of it is kept in ${out}`;
  return `Stopped ${where}.\nTo go on: ${[command, ...args.map(quoted)].join(' ')}`;
}
