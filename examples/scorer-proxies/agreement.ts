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
  /** AUROC lost by taking the stand-in's best in place of the best there is. */
  regret: number;
}

/** AUROC of each scorer, the mean over these sets. */
const meansOver = ({ scorers }: ScorerComparison, sets: readonly string[]): number[] =>
  scorers.map((one) => sets.reduce((sum, set) => sum + one.sets[set]!.auroc / sets.length, 0));

export function agreement(result: ScorerComparison, proxies: readonly string[], real: readonly string[]): Agreement {
  const [by, is] = [meansOver(result, proxies), meansOver(result, real)];
  const taken = by.indexOf(Math.max(...by));
  return { rank: spearman(by, is), regret: Math.max(...is) - is[taken]! };
}
