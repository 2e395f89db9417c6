/** What a worker holds from one job to the next: as large as a bank, so one at a time, and as long as a job uses it. */
export function keptLoaded<T extends { dispose(): void }>() {
  interface Kept {
    id: string;
    loaded: Promise<T>;
    users: number;
  }
  let kept: Kept | undefined;
  const letGo = (one: Kept | undefined) => {
    if (!one || one === kept || one.users > 0) return;
    one.loaded.then(
      (loaded) => loaded.dispose(),
      () => undefined,
    );
  };
  const replace = (one: Kept | undefined) => {
    const before = kept;
    kept = one;
    letGo(before);
  };
  return {
    /** Calls with what has this id, which is loaded where another one is held, and stays until the call has ended. */
    async use<R>(id: string, load: () => Promise<T>, work: (loaded: T) => Promise<R>): Promise<R> {
      if (kept?.id !== id) replace({ id, loaded: load(), users: 0 });
      const own = kept!;
      own.users++;
      try {
        const loaded = await own.loaded.catch((error: unknown) => {
          if (kept === own) kept = undefined; // the next call tries again
          throw error;
        });
        return await work(loaded);
      } finally {
        own.users--;
        letGo(own);
      }
    },
    dispose: (): void => replace(undefined),
  };
}
