import { NotFiniteError } from '../../core/errors';

/** Scores as float32. Throws at the first that float32 does not hold, naming its row. */
export function finiteScores(where: string, scores: ArrayLike<number>): Float32Array {
  const rounded = Float32Array.from(scores);
  const row = rounded.findIndex((score) => !Number.isFinite(score));
  if (row < 0) return rounded;
  const expected = 'a number that float32 holds (these features or logits are too large)';
  throw new NotFiniteError(where, 'score', expected, `${scores[row]} at row ${row}`);
}
