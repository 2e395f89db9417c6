import { nextTask } from '../../core/next-task';

const LONGEST = 50;

/** What waits for the next task where this one has gone on for a while: the page draws, timers have their turn. */
export function pauses(): () => Promise<void> {
  let since = Date.now();
  return async () => {
    if (Date.now() - since < LONGEST) return;
    await nextTask();
    since = Date.now();
  };
}
