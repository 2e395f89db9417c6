import type { FitNeed, Need, PartialCalls, Scorer } from '../contract/scorer';

/** The calls of a method that fit in parts; their code is loaded by the first of them. */
export function lazyPartials<N extends Need, F extends FitNeed, S extends Scorer<N>>(
  loaded: () => Promise<object>,
): PartialCalls<F, S> {
  const names = ['partial', 'partialFrom', 'fromPartial'] as const;
  const calls = names.map((name) => [
    name,
    async (...given: never[]) => ((await loaded()) as Record<string, (...given: never[]) => unknown>)[name]!(...given),
  ]);
  return Object.fromEntries(calls) as PartialCalls<F, S>;
}
