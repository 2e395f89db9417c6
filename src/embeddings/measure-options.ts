import { SIGNAL } from '../core/check';
import { checkSignal, pauses, type Pause } from '../core/pauses';
import { readOptions } from '../core/read-options';

/** Options of the measures of embeddings, and of `ClassScatter.add`. */
export interface MeasureOptions {
  /** Gives it up: the call rejects with its reason. */
  signal?: AbortSignal;
}

/** Pauses of a call, which the signal among its options ends; at once where it was given up before. */
export function pausesOf(where: string, options: MeasureOptions | undefined): Pause {
  const { signal } = readOptions<MeasureOptions, { signal: [typeof SIGNAL] }>(where, options, { signal: [SIGNAL] });
  checkSignal(signal);
  return pauses(signal);
}
