import { afterEach, expect, test, vi } from 'vitest';
import { checkSignal, pauses } from '../../src/core/pauses';

/** A clock that stands, and never goes back. */
let now = 1e9;
const clock = () => vi.spyOn(performance, 'now').mockImplementation(() => now);
/** How often others had their turn. */
function turns() {
  const count = { taken: 0 };
  const later = setImmediate;
  vi.stubGlobal('setImmediate', (go: () => void) => {
    count.taken++;
    return later(go);
  });
  return count;
}
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

test('others have their turn after 30 ms, whoever worked meanwhile, and not before', async () => {
  clock();
  now += 1000;
  const count = turns();
  const [one, other] = [pauses(), pauses()];
  await one();
  expect(count.taken).toBe(1);
  for (const pause of [one, other]) {
    for (let i = 0; i < 10; i++) await pause();
  }
  expect(count.taken).toBe(1);
  now += 29;
  await other();
  expect(count.taken).toBe(1);
  now += 1;
  await one();
  await other();
  expect(count.taken).toBe(2);
  // Pieces of 10 ms: a turn after each third
  for (let i = 0; i < 30; i++) {
    now += 10;
    await one();
  }
  expect(count.taken).toBe(12);
});

test('a signal ends it with its reason, before a turn and after it', async () => {
  clock();
  now += 1000;
  const count = turns();
  const controller = new AbortController();
  const pause = pauses(controller.signal);
  setImmediate(() => controller.abort('left'));
  count.taken = 0;
  await expect(pause()).rejects.toBe('left');
  expect(count.taken).toBe(1);
  await expect(pause()).rejects.toBe('left');
  expect(count.taken).toBe(1);
  await pauses()();
});

test('a signal without a reason, as some engines have it, is an AbortError', () => {
  expect(() => checkSignal({ aborted: true } as AbortSignal)).toThrow(expect.objectContaining({ name: 'AbortError' }));
  checkSignal(undefined);
  checkSignal({ aborted: false } as AbortSignal);
});
