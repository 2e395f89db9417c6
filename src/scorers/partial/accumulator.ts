import type { Pause } from '../../core/pauses';
import type { NamedArray } from '../../core/saved/safetensors';
import type { FitRow } from '../contract/fit-rows';
import type { FitNeed } from '../contract/scorer';
import type { RowId } from './row-ids';
import type { RowSample } from './row-sample';

/** Arrays by name, as they are saved. */
export type StateArrays = Readonly<Record<string, NamedArray | undefined>>;

/** The sum of saved counts; of none 0. */
export const countsOf = (counts: NamedArray | undefined): number =>
  Array.from(counts?.data ?? []).reduce((sum, count) => sum + count, 0);

/**
 * What a fit gathers of rows, and what it makes of that in the end. Parts of the rows that are gathered apart and
 * merged give what one pass over all of them gives.
 */
export interface Accumulator<F extends FitNeed, T> {
  /** One that throws leaves it as it was. Await `pause` at least every 20 ms of own work. */
  add(rows: FitRow<F>, pause: Pause, block: object): Promise<void> | void;
  /**
   * Adds what another one's `state` gave; one that throws leaves it as it was. `where` is who complains, `sizes` are
   * the widths of its rows, where they are known.
   */
  merge?(state: StateArrays, where: string, pause: Pause, sizes: { D?: number; C?: number }): Promise<void> | void;
  /** Of how many rows a state says that it is, one that may be damaged; `merge` is called where that is right. */
  rowsIn?(state: StateArrays): number;
  /** All of it but the sample; called once there is a row. */
  state?(): Record<string, NamedArray>;
  /** What the fit finds; the accumulator stays as it is. */
  finish(pause: Pause): Promise<T> | T;
  /** Rows that are kept by their ids, which `add` adds; who gathers saves, merges and looks for known ids. */
  readonly sample?: RowSample;
  /** Throws where what it is made of knows one of these ids, by its place among them. */
  refuse?(where: string, ids: readonly RowId[]): void;
}
