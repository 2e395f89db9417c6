import { expect, test } from 'vitest';
import { NotFiniteError } from 'tfjs-ood';
import { nearestClassMean } from 'tfjs-ood/scorers';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { testScorer } from './test-scorer';

testScorer('nearestClassMean', () => nearestClassMean());
testScorer('nearestClassMean, cosine', () => nearestClassMean({ distance: 'cosine' }));

const rows = (...all: number[][]) => ({
  data: Float32Array.from(all.flat()),
  shape: [all.length, all[0]!.length] as const,
});

onEachBackend('nearestClassMean', () => {
  test('cosine: the angle counts, not the length', async () => {
    const blocks = [{ features: rows([1, 0], [100, 0], [0, 2]), labels: [0, 0, 1] }];
    const scorer = await nearestClassMean({ distance: 'cosine' }).fit(blocks, {});
    const scores = await scorer.score({ features: rows([7, 0], [3, 4], [1e30, 1e30], [0, -1], [0, 0], [1e-30, 0]) });
    expectClose(scores, [0, 0.2, 1 - Math.SQRT1_2, 1, 1, 0], { absolute: 1e-6 });
    scorer.dispose();
  });
  test('a mean so far away that float32 does not hold the score: an error names the row', async () => {
    const scorer = await nearestClassMean().fit([{ features: rows([1e30, 1e30]), labels: [0] }], {});
    const again = nearestClassMean().restore(scorer.state(), {});
    for (const one of [scorer, again]) {
      const scored = one.score({ features: rows([1e30, 1e30], [1, 2]) });
      await expect(scored).rejects.toThrow(NotFiniteError);
      await expect(scored).rejects.toThrow('nearestClassMean: score must be a number that float32 holds');
      await expect(scored).rejects.toThrow('at row 1');
      one.dispose();
    }
  });
  test('errors', async () => {
    expect(() => nearestClassMean({ distance: 'manhattan' as 'cosine' })).toThrow(
      'nearestClassMean: distance must be one of euclidean, cosine, got manhattan',
    );
    const opposite = [{ features: rows([1, 0], [-2, 0]), labels: [3, 3] }];
    await expect(nearestClassMean({ distance: 'cosine' }).fit(opposite, {})).rejects.toThrow('a mean of 0 for class 3');
    await expect(nearestClassMean().fit([{ features: rows([1, NaN]), labels: [0] }], {})).rejects.toThrow(
      'NaN at row 0',
    );
  });
});
