import { ArgumentError, NotFiniteError } from './errors';
import { isListed, shownAt } from './shown-value';

/** Scores of any detector: higher = more out of distribution. */
export type Scores = ArrayLike<number>;

/** Throws unless the scores are an array of finite numbers. */
export function checkFiniteScores(where: string, what: string, scores: Scores): void {
  // Without types a tensor, or a promise of scores, gets this far; it has no length.
  if (!isListed(scores)) {
    throw new ArgumentError(where, what, 'an array of scores (of a tensor: await its data())', scores);
  }
  for (let i = 0; i < scores.length; i++) {
    if (Number.isFinite(scores[i])) continue;
    throw new NotFiniteError(where, what, 'finite scores', shownAt(scores[i], i));
  }
}

/** Throws unless there is a score, and all are finite. */
export function checkScores(where: string, what: string, scores: Scores): void {
  checkFiniteScores(where, what, scores);
  if (scores.length > 0) return;
  throw new ArgumentError(where, what, 'at least one score', 'none');
}
