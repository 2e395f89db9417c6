/** A worker that the page hears of in any case: of what it tells, or of why it is gone. */
export interface WatchedWorker<Request> {
  /** Tells it something; one that is gone is started anew. */
  tell(request: Request): void;
  /** From now on it owes messages; or no more. */
  expect(messages: boolean): void;
}

/**
 * Seconds without a message after which a worker that owes some is taken for gone: one that ends by itself gives no
 * sign.
 */
const PATIENCE = 20;

const causeOf = (event: Event): string => {
  if (event.type === 'messageerror') return 'the worker sent what cannot be read';
  return ('message' in event && String(event.message)) || 'the worker did not start';
};

/**
 * @param start makes the worker
 * @param hear gets what it tells
 * @param mourn gets why it is gone: what it threw, that it did not start, that it fell silent
 */
export function watchedWorker<Request, Answer>(
  start: () => Worker,
  hear: (answer: Answer) => void,
  mourn: (cause: string) => void,
): WatchedWorker<Request> {
  let worker: Worker | undefined;
  let watch: ReturnType<typeof setInterval> | undefined;
  let silent = 0;

  const expect = (messages: boolean): void => {
    clearInterval(watch);
    silent = 0;
    // Ticks are counted, not time: a page that was put to sleep has not waited.
    if (messages)
      watch = setInterval(() => ++silent >= PATIENCE && end(`nothing came from it for ${PATIENCE} s`), 1000);
  };
  const end = (cause: string): void => {
    worker?.terminate();
    worker = undefined;
    expect(false);
    mourn(cause);
  };
  const begin = (): Worker => {
    const own = start();
    own.addEventListener('message', ({ data }: MessageEvent<Answer>) => {
      if (own !== worker) return;
      silent = 0;
      hear(data);
    });
    for (const type of ['error', 'messageerror']) {
      own.addEventListener(type, (event) => own === worker && end(causeOf(event)));
    }
    return own;
  };
  worker = begin();
  return { tell: (request) => (worker ??= begin()).postMessage(request), expect };
}
