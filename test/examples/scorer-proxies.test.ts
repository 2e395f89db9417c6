import { expect, test } from 'vitest';
import type { ScorerComparison } from 'tfjs-ood/detector';
import { agreement, ranksOf, spearman } from '../../examples/scorer-proxies/agreement';

test('rank correlation, ties among them, as scipy.stats.spearmanr has it', () => {
  expect(ranksOf([3, 1, 3, 7])).toEqual([2.5, 1, 2.5, 4]);
  expect(spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7])).toBeCloseTo(0.8207826816681233, 12);
  expect(spearman([1, 2, 3], [9, 5, 1])).toBeCloseTo(-1, 12);
});

test('regret is what the best of a stand-in loses, the mean of those that tie', () => {
  const scorer = (proxy: number, real: number) => ({ sets: { proxy: { auroc: proxy }, real: { auroc: real } } });
  const of = (...scorers: object[]) => agreement({ scorers } as unknown as ScorerComparison, ['proxy'], ['real']);
  expect(of(scorer(0.9, 0.6), scorer(0.8, 0.95), scorer(0.5, 0.5))).toMatchObject({ rank: 0.5 });
  expect(of(scorer(0.9, 0.6), scorer(0.8, 0.95), scorer(0.5, 0.5)).regret).toBeCloseTo(0.35, 9);
  expect(of(scorer(0.9001, 0.6), scorer(0.9, 0.8), scorer(0.5, 0.9)).regret).toBeCloseTo(0.2, 9);
});
