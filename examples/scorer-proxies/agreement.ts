import type { ScorerComparison } from 'tfjs-ood/detector';

/** Ranks from 1, equal values with the mean of theirs. */
export function ranksOf(values: readonly number[]): number[] {
  return values.map((value) => {
    const below = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return below + (equal + 1) / 2;
  });
}

/** Spearman's rank correlation; NaN where a side is all alike. */
export function spearman(first: readonly number[], second: readonly number[]): number {
  const centered = (values: readonly number[]) => {
    const ranks = ranksOf(values);
    const mean = ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length;
    return ranks.map((rank) => rank - mean);
  };
  const [a, b] = [centered(first), centered(second)];
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** How a stand-in ranks the scorers against how some real unknowns do. */
export interface Agreement {
  rank: number;
  /** AUROC lost by taking the stand-in's best (any of those that tie) in place of the best there is. */
  regret: number;
}

/** AUROC of each scorer, the mean over these sets, to three digits: less says nothing of so few images. */
const meansOver = ({ scorers }: ScorerComparison, sets: readonly string[]): number[] =>
  scorers.map(
    (one) => Math.round(sets.reduce((sum, set) => sum + (1000 * one.sets[set]!.auroc) / sets.length, 0)) / 1000,
  );

export function agreement(result: ScorerComparison, proxies: readonly string[], real: readonly string[]): Agreement {
  const [by, is] = [meansOver(result, proxies), meansOver(result, real)];
  const taken = is.filter((_, i) => by[i] === Math.max(...by));
  const mean = taken.reduce((sum, value) => sum + value, 0) / taken.length;
  return { rank: spearman(by, is), regret: Math.max(...is) - mean };
}
