import * as tf from '@tensorflow/tfjs-core';
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
  test('cosine: classify names the class, scoreTensor gives the same scores, with a gradient that is 0 for a zero row', async () => {
    const means = { labels: Int32Array.of(3, 8), data: Float64Array.of(2, 0, 0, 5), shape: [2, 2] as [number, number] };
    const scorer = nearestClassMean({ distance: 'cosine' }).of(means);
    const features = rows([7, 0], [3, 4], [0, -1], [0, 0]);
    const { labels, scores } = await scorer.classify({ features });
    expect([...labels].slice(0, 2)).toEqual([3, 8]);
    expectClose(scores, [0, 0.2, 1, 1], { absolute: 1e-6 });
    const x = tf.tensor2d(features.data, [4, 2]);
    const { value, grad } = tf.valueAndGrad((t) => tf.sum(scorer.scoreTensor(t as tf.Tensor2D)))(x);
    const direct = scorer.scoreTensor(x);
    expectClose(await direct.data(), scores, { absolute: 1e-6 });
    // By hand: -d cos(x, m) / dx = -(m / |m| - cos x / |x|) / |x|; (3, 4) is nearest to (0, 1).
    expectClose(await grad.data(), [0, 0, 0.096, -0.072, -1, 0, 0, 0], { absolute: 1e-5 });
    tf.dispose([x, value, grad, direct]);
    scorer.dispose();
    expect(() => nearestClassMean({ distance: 'cosine' }).of({ ...means, data: new Float64Array(4) })).toThrow(
      'nearestClassMean: means must be class means with a direction, got a mean of 0 for class 3',
    );
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
