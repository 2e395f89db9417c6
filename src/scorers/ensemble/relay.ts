/** Hands blocks on to one reader, one at a time. */
export interface Relay<T> {
  /** What the reader goes through. */
  readonly blocks: AsyncIterable<T>;
  /** Resolves when the reader is done with the block (it asks for the next), or has left. */
  put(block: T): Promise<void>;
  /** No more blocks. */
  end(): Promise<void>;
  /** The reader gets this error instead of a block. */
  fail(error: Error): void;
  /** The reader is gone: nothing waits for it any more. */
  leave(): void;
}

/** One stream goes to several readers in step, so that none of it is kept: a relay for each. */
export function relay<T>(): Relay<T> {
  interface Request {
    answer(result: IteratorResult<T>): void;
    refuse(error: Error): void;
  }
  let request: Request | undefined; // the reader waits
  let failure: Error | undefined;
  let [left, wake] = [false, (): void => undefined];

  /** Until the reader asks, or has left. */
  const asked = () =>
    new Promise<void>((resolve) => {
      if (request || left) resolve();
      else wake = resolve;
    });
  const taken = () => {
    const waiting = request;
    request = undefined;
    return waiting;
  };
  const leave = () => {
    left = true;
    wake();
  };
  const done: IteratorResult<T> = { done: true, value: undefined };

  const iterator: AsyncIterator<T> = {
    next: () =>
      new Promise<IteratorResult<T>>((resolve, reject) => {
        if (failure) return reject(failure);
        if (left) return resolve(done);
        request = { answer: resolve, refuse: reject };
        wake();
      }),
    return: () => {
      leave();
      return Promise.resolve(done);
    },
  };
  return {
    blocks: { [Symbol.asyncIterator]: () => iterator },
    async put(value) {
      await asked();
      if (left) return;
      taken()?.answer({ done: false, value });
      await asked();
    },
    async end() {
      await asked();
      left = true;
      taken()?.answer(done);
    },
    fail(error) {
      failure = error;
      taken()?.refuse(error);
    },
    leave,
  };
}
