import { ArgumentError, FormatError } from '../../core/errors';
import type { NamedArray } from '../../core/saved/safetensors';
import { readArrays, type SavedArrays } from '../../core/saved/saved-arrays';
import type { StateArrays } from './accumulator';
import { readIds, SAVED_IDS, savedIds, shownId, twice, writeIds, type GivenIds, type RowId } from './row-ids';
import type { RowSample } from './row-sample';

// What only fits in parts ask of a sample of rows: the code of a scorer goes without.

const SAVED = {
  ...SAVED_IDS,
  rows: { dtype: 'F32', shape: ['R', 'width'], empty: true },
} as const satisfies SavedArrays;

/** Throws where one of these ids is of a row that is kept already; all that was ever added, while all are kept. */
export function refuseKnown(where: string, sample: RowSample, ids: readonly RowId[]): void {
  const at = sample.isNamed ? ids.findIndex((id) => sample.has(id)) : -1;
  if (at >= 0) throw twice(where, ids[at]!, `at index ${at}`);
}

/** The ids of a block of a fit; of none undefined. @throws ArgumentError where some blocks have ids and others none */
export function idsFor(where: string, sample: RowSample, given: GivenIds | undefined, count: number) {
  const isNamed = given !== undefined;
  if ((sample.isNamed ?? isNamed) !== isNamed) {
    throw new ArgumentError(where, 'ids', 'there for each block, or for none', given ?? 'none');
  }
  if (!isNamed) return undefined;
  const ids = readIds(where, given, count);
  refuseKnown(where, sample, ids);
  return ids;
}

/** A sample of rows with ids as named arrays. */
export function sampleState(sample: RowSample): Record<string, NamedArray> {
  if (sample.count === 0) return {};
  const shape = [sample.count, sample.size!];
  return { ...writeIds(sample.ids()), rows: { dtype: 'F32', shape, data: sample.rows() } };
}

/** Rows of a saved sample. */
export interface SampledRows {
  rows: Float32Array;
  size: number;
  ids: readonly RowId[];
}

/**
 * What {@link sampleState} gave of another sample with the same limit and seed, to be added to this one.
 *
 * @throws ArgumentError for a row that both have; FormatError for what is no such state, of another D neither
 */
export function readSample(where: string, sample: RowSample, state: StateArrays, size = sample.size): SampledRows {
  if (Object.keys(state).length === 0) return { rows: new Float32Array(0), size: 0, ids: [] };
  const { rows, ...saved } = readArrays(where, state, SAVED, 'sample');
  const [count, width] = state.rows!.shape as [number, number];
  const ids = savedIds(saved);
  if (!ids || ids.length !== count || count > sample.limit) {
    const expected = `ids of at most ${sample.limit} rows, as many as the rows`;
    throw new FormatError(where, 'sample.ids', expected, ids ? `${ids.length} for ${count} rows` : 'others');
  }
  if (size !== undefined && size !== width) {
    throw new FormatError(where, 'sample.rows', `[N, ${size}]`, `[N, ${width}]`);
  }
  const again = ids.find((id) => sample.has(id));
  if (again !== undefined) throw new ArgumentError(where, 'other', 'of other rows', `id ${shownId(again)} in both`);
  return { rows, size: width, ids };
}

/** Adds all of a saved sample. @throws as {@link readSample} */
export function mergeSample(where: string, sample: RowSample, state: StateArrays): void {
  const { rows, size, ids } = readSample(where, sample, state);
  if (ids.length > 0) sample.add(rows, size, ids);
}
