import type { Pause } from './pauses';

/** Work in steps of a few milliseconds, and what it comes to: done at once, or with pauses between. */
export type Steps<T> = Generator<void, T>;

/** All steps, one after the other. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** All steps, with pauses between; what the signal of the pauses ends stays half done. */
export async function withPauses<T>(steps: Steps<T>, pause: Pause): Promise<T> {
  for (;;) {
    await pause();
    const { done, value } = steps.next();
    if (done) return value;
  }
}
