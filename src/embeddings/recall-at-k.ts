import { OBJECT, SIGNAL, wholeFrom } from '../core/check';
import { ArgumentError, ShapeError } from '../core/errors';
import { checkSignal, pauses, type Pause } from '../core/pauses';
import { readOptions } from '../core/read-options';
import type { Embeddings } from '../tensors/embeddings';
import { readLabeledRows, type LabeledRows } from './labeled-rows';
import { squaredDistances } from '../linalg/squared-distances';

/** Options of {@link recallAtK}. */
export interface RecallAtKOptions {
  /** Look for neighbors among these rows [M, D], labels [M], instead of among the embeddings themselves. */
  reference?: { embeddings: Embeddings; labels: ArrayLike<number> };
  /** Gives it up: the call rejects with its reason. */
  signal?: AbortSignal;
}

/**
 * Of each row's neighbors, nearest first, the place (from 0) of the first of its class; `most` where it is not before
 * that.
 */
async function placesOfOwnClass(
  queries: LabeledRows,
  reference: LabeledRows,
  most: number,
  pause: Pause,
): Promise<Int32Array> {
  const { data, rows, size } = reference;
  const isSelf = queries === reference;
  const distances = new Float64Array(reference.count);
  const firstOf = new Map([...reference.labels.keys()].reverse().map((j) => [reference.labels[j]!, j]));
  const placeOf = (q: number): number => {
    const start = firstOf.get(queries.labels[q]!);
    if (start === undefined) return most;
    const end = reference.ends[start]!;
    squaredDistances(queries.data, q * size, data, 0, reference.count, size, distances);
    let [nearest, row] = [Infinity, 0];
    for (let j = start; j < end; j++) {
      if (distances[j]! < nearest && !(isSelf && j === q)) [nearest, row] = [distances[j]!, rows[j]!];
    }
    if (nearest === Infinity) return most; // the only one of its class
    let before = 0;
    for (let j = 0; j < reference.count; j++) {
      if (distances[j]! > nearest || (j >= start && j < end)) continue;
      if (distances[j]! < nearest || rows[j]! < row) before++;
    }
    return Math.min(before, most);
  };
  const places = new Int32Array(queries.count);
  for (let q = 0; q < places.length; q++) {
    await pause();
    places[q] = placeOf(q);
  }
  return places;
}

/**
 * Recall at K: the share of rows that have at least one row of their own class among their K nearest neighbors.
 *
 * Euclidean distance in float64, a row is no neighbor of itself, of equally near rows the one with the lower index
 * comes first. A row that is the only one of its class is never found and counts. O(N^2 D) time, O(N D) memory.
 *
 * Measured on wasm: time grows as N^2.1 (1,000 to 4,000) and D^1.0 (64 to 256).
 *
 * Source: Oh Song et al., CVPR 2016, section 5; Musgrave, Belongie, Lim, ECCV 2020.
 *
 * @param embeddings [N, D]
 * @param labels class indices [N], from 0
 * @param ks numbers of neighbors, each from 1 to N - 1 (with a reference: to M)
 * @param options `reference`: rows among which the neighbors are looked for; none of them is taken for the row itself;
 *   `signal` gives it up
 * @returns the recall at each of `ks`
 * @throws ArgumentError for a label below 0 (OoD) or no whole number, a K out of range, or where no row has another of
 *   its class; ShapeError for another number of labels or another D; NotFiniteError for a NaN or infinity;
 *   the reason of `signal`
 * @example
 * await recallAtK({ data: Float32Array.of(0, 1, 3, 7), shape: [4, 1] }, [0, 1, 0, 1], [1, 2]); // [0, 0.75]
 */
export async function recallAtK(
  embeddings: Embeddings,
  labels: ArrayLike<number>,
  ks: readonly number[],
  options?: RecallAtKOptions,
): Promise<number[]> {
  const where = 'recallAtK';
  const { reference, signal } = readOptions(where, options, { reference: [OBJECT], signal: [SIGNAL] });
  checkSignal(signal);
  const wanted = Array.from(ks ?? []);
  const reading = reference && readLabeledRows(where, reference.embeddings, reference.labels, 'reference.');
  const [queries, others] = await Promise.all([readLabeledRows(where, embeddings, labels), reading]);
  const among = others ?? queries;
  if (among.size !== queries.size) {
    throw new ShapeError(where, 'reference.embeddings', `[M, ${queries.size}]`, `[M, ${among.size}]`);
  }
  const neighbors = among.count - (others ? 0 : 1);
  const { holds } = wholeFrom(1, neighbors);
  const wrong = wanted.find((k) => !holds(k));
  if (wrong !== undefined || wanted.length === 0) {
    const expected = `whole numbers from 1 to the number of neighbors, ${neighbors}`;
    throw new ArgumentError(where, 'ks', expected, wrong === undefined ? 'none' : String(wrong));
  }
  const known = new Set(among.labels);
  if (others ? !queries.labels.some((label) => known.has(label)) : known.size === queries.count) {
    const expected = others ? 'some that the reference has' : 'some that two rows have';
    throw new ArgumentError(where, 'labels', expected, 'none');
  }
  const places = await placesOfOwnClass(queries, among, Math.max(...wanted), pauses(signal));
  return wanted.map((k) => places.reduce((sum, place) => sum + Number(place < k), 0) / places.length);
}
