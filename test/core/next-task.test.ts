import { afterEach, expect, test, vi } from 'vitest';
import { nextTask } from '../../src/core/next-task';

afterEach(() => vi.unstubAllGlobals());

/** How many tasks it takes until a timer of no delay had its turn. */
async function tasksBeforeTimer(): Promise<number> {
  let done = false;
  setTimeout(() => (done = true), 0);
  const end = performance.now() + 2000;
  let count = 0;
  for (; !done && performance.now() < end; count++) await nextTask();
  expect(done).toBe(true);
  return count;
}

test('timers have their turn, whatever this runtime has for a task', async () => {
  expect(await tasksBeforeTimer()).toBeGreaterThan(0);
  vi.stubGlobal('setImmediate', undefined);
  expect(await tasksBeforeTimer()).toBeGreaterThan(0);
  vi.stubGlobal('MessageChannel', undefined);
  expect(await tasksBeforeTimer()).toBeLessThan(3); // it is a timer itself
});
