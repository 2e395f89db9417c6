import { nextTask } from './next-task';

/**
 * Milliseconds after which others have their turn. A page calls a task of 50 long: what is done between two pauses has
 * the rest.
 */
const LONGEST = 30;

/** When this thread began the task that it is in, as far as pauses know; one thread, one clock. */
let since = 0;

/** Throws the reason of a signal that was given up. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  const { reason } = signal as { reason?: unknown };
  // Some engines of phones have signals without a reason
  throw (reason ?? Object.assign(new Error('This operation was aborted'), { name: 'AbortError' })) as Error;
}

/**
 * To be awaited between pieces of work: lets timers, signals and the page have their turn where this task has gone on
 * for a while, and goes on at once where it has not. Throws the reason of the signal.
 */
export type Pause = () => Promise<void>;

/** Pauses of a call, which its signal ends. */
export const pauses =
  (signal?: AbortSignal): Pause =>
  async () => {
    checkSignal(signal);
    if (performance.now() - since < LONGEST) return;
    await nextTask();
    since = performance.now();
    checkSignal(signal);
  };
