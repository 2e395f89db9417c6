/** A step whose work is under way. */
export interface Launched<T> {
  /** Waits for its numbers; throws if it must not count. */
  settle(): Promise<T>;
  /** Goes back to before it. */
  undo(): void;
  /** Frees what is kept for these two. */
  free(): void;
}

/** Steps that begin one after the other, some before the earlier ones are known to be well. */
export interface StepQueue {
  /** Steps that are not settled. */
  readonly pending: number;
  /**
   * Launches a step once those before it are launched, and settles it once they are settled. A launch that throws
   * leaves nothing behind. If a step fails, those that were added behind it throw `after()`; if it was launched, all
   * goes back to before it.
   */
  add<T>(launch: () => Promise<Launched<T>>, after: () => Error): Promise<T>;
  /** Once every step is settled; throws nothing. */
  idle(): Promise<void>;
}

const either = (promise: Promise<unknown>): Promise<void> =>
  promise.then(
    () => undefined,
    () => undefined,
  );

/** An empty queue. */
export function stepQueue(): StepQueue {
  let [launching, settling] = [Promise.resolve(), Promise.resolve()];
  let pending = 0;
  let era = {}; // another one once a step failed: what was added in an older one is not done
  let isGoingBack = false;

  async function settled<T>(launched: Promise<Launched<T>>, own: object, earlier: Promise<void>, after: () => Error) {
    const step = await launched.catch(async (error: unknown) => {
      await earlier;
      throw error;
    });
    try {
      await earlier;
      if (own !== era) throw after();
      return await step.settle();
    } catch (error) {
      if (own === era) {
        era = {};
        isGoingBack = true;
        await launching; // those that had begun change things up to then
        step.undo();
        isGoingBack = false;
      }
      throw error;
    } finally {
      step.free();
    }
  }

  return {
    get pending() {
      return pending;
    },
    async add<T>(launch: () => Promise<Launched<T>>, after: () => Error): Promise<T> {
      const isAlone = pending++ === 0;
      const own = isGoingBack ? {} : era;
      const begin = () => {
        if (own !== era) throw after();
        return launch();
      };
      const launched = (isAlone ? begin() : launching.then(begin)).catch((error: unknown) => {
        if (own === era) era = {};
        throw error;
      });
      launching = either(launched);
      const done = settled(launched, own, settling, after);
      settling = either(done);
      try {
        return await done;
      } finally {
        pending--;
      }
    },
    idle: () => settling,
  };
}
