import { ArgumentError, NotFiniteError } from '../errors';

/** Scores from any detector: higher = more out of distribution. */
export type Scores = ArrayLike<number>;

/** Refuses an empty list and the first score that is not finite. */
export function checkScores(where: string, what: string, scores: Scores): void {
  if (scores.length === 0) {
    throw new ArgumentError({ where, what, expected: 'at least one score', received: 'none' });
  }
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!;
    if (!Number.isFinite(score)) {
      throw new NotFiniteError({ where, what, expected: 'finite scores', received: `${score} at index ${i}` });
    }
  }
}

/** Refuses what is no rate strictly between 0 and 1. */
export function checkRate(where: string, what: string, rate: number): void {
  if (!(rate > 0 && rate < 1)) {
    throw new ArgumentError({ where, what, expected: 'a rate between 0 and 1, both excluded', received: String(rate) });
  }
}

/** An ascending float64 copy. */
export const ascending = (scores: Scores): Float64Array => Float64Array.from(scores).sort();
