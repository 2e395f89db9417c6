import { NotFiniteError } from '../../core/errors';
import { checkFiniteScores, type Scores } from '../../core/scores';

/** Throws unless the scores are an array of finite numbers that float32 holds (below 3.4028236e38). */
export function checkFloat32Scores(where: string, scores: Scores): void {
  checkFiniteScores(where, 'scores', scores);
  if (scores instanceof Float32Array) return;
  for (let i = 0; i < scores.length; i++) {
    if (Number.isFinite(Math.fround(scores[i]!))) continue;
    throw new NotFiniteError(where, 'scores', 'within the range of float32', `${scores[i]} at index ${i}`);
  }
}
