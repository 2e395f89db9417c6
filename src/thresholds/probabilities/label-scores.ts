import { deriveSeed } from '../../core/random';

/** How classes are scored for prediction sets. */
export type SetMethod = 'lac' | 'aps';

/** A draw in (0, 1) for a row: equal rows have equal ones, so that a row has one set, whatever comes with it. */
function drawOf(row: Float64Array, seed: number): number {
  return deriveSeed(seed, ...new Int32Array(row.buffer, row.byteOffset, 2 * row.length)) / 2 ** 31;
}

/** A copy in which -0, whose bits differ, is 0. */
export const positiveZeros = (data: ArrayLike<number>): Float64Array => Float64Array.from(data, (value) => value + 0);

/** LAC: how little probability the class has. */
const lac = (row: Float64Array): Float64Array => row.map((value) => 1 - value);

/** APS: the probability of all classes before it, and a drawn share of its own. Of equal ones the first is before. */
function aps(row: Float64Array, seed: number): Float64Array {
  const draw = drawOf(row, seed);
  const order = Uint32Array.from(row, (_, c) => c).sort((a, b) => row[b]! - row[a]! || a - b);
  const scores = new Float64Array(row.length);
  let before = 0;
  for (const c of order) {
    scores[c] = before + draw * row[c]!;
    before += row[c]!;
  }
  return scores;
}

/** Scores of all classes of one row of probabilities: a class is in the set where its score is low enough. */
export const labelScores = (method: SetMethod, row: Float64Array, seed: number): Float64Array =>
  method === 'lac' ? lac(row) : aps(row, seed);
