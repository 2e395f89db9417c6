import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchedWorker } from '../../examples/browser/watched-worker';

/** What a page sees of a worker. */
class FakeWorker extends EventTarget {
  readonly asked: unknown[] = [];
  isTerminated = false;
  postMessage(message: unknown) {
    this.asked.push(message);
  }
  terminate() {
    this.isTerminated = true;
  }
  say(data: unknown) {
    this.dispatchEvent(Object.assign(new Event('message'), { data }));
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched() {
  const workers: FakeWorker[] = [];
  const [heard, causes]: [unknown[], string[]] = [[], []];
  const start = () => {
    workers.push(new FakeWorker());
    return workers.at(-1)! as unknown as Worker;
  };
  const worker = watchedWorker<string, string>(
    start,
    (message) => heard.push(message),
    (cause) => causes.push(cause),
  );
  return { worker, workers, heard, causes };
}

test.each([
  ['what it threw', Object.assign(new Event('error'), { message: 'Uncaught Error: broken' }), 'Uncaught Error: broken'],
  ['that it did not start', new Event('error'), 'the worker did not start'],
  ['what cannot be read', new Event('messageerror'), 'the worker sent what cannot be read'],
])('a worker that dies: %s; the next request goes to a new one', (_, event, cause) => {
  const { worker, workers, heard, causes } = watched();
  worker.tell('a');
  worker.expect(true);
  workers[0]!.say('b');
  workers[0]!.dispatchEvent(event);
  expect(causes).toEqual([cause]);
  expect(workers[0]!.isTerminated).toBe(true);
  workers[0]!.say('too late');
  vi.advanceTimersByTime(60_000);
  expect(causes).toHaveLength(1); // once
  worker.tell('c');
  expect(workers.map(({ asked }) => asked)).toEqual([['a'], ['c']]);
  workers[1]!.say('d');
  expect(heard).toEqual(['b', 'd']);
});

test('one that falls silent while it owes something is gone; not one that owes nothing, nor a slow one', () => {
  const { worker, workers, causes } = watched();
  vi.advanceTimersByTime(60_000);
  worker.expect(true);
  for (let i = 0; i < 10; i++) {
    vi.advanceTimersByTime(19_000);
    workers[0]!.say('still here');
  }
  worker.expect(false);
  vi.advanceTimersByTime(60_000);
  expect(causes).toEqual([]);
  worker.expect(true);
  vi.advanceTimersByTime(21_000);
  expect(causes).toEqual(['nothing came from it for 20 s']);
  expect(workers[0]!.isTerminated).toBe(true);
});
