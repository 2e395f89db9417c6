import type { Scores } from '../core/scores';

/** Rows of the `count` largest (or smallest) scores that lie on the wrong side of the threshold, the worst first. */
export function worstRows(scores: Scores, threshold: number, kind: 'alarm' | 'miss', count: number): number[] {
  const sign = kind === 'alarm' ? -1 : 1;
  const wrong: number[] = [];
  for (let row = 0; row < scores.length; row++) {
    if (kind === 'alarm' ? scores[row]! > threshold : !(scores[row]! > threshold)) wrong.push(row);
  }
  return wrong.sort((a, b) => sign * (scores[a]! - scores[b]!) || a - b).slice(0, count);
}
