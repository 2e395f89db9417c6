import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { ClassMeans, nearestClassMean, NotFiniteError, seededRandom, ShapeError, type Means } from 'tfjs-ood';
import numpy from '../fixtures/class-means.json';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';

interface Case {
  name: string;
  means: number[][];
  x: number[][];
  nearest: number[];
  scores: number[];
}
const cases = numpy as Case[];

const meansOf = (rows: number[][]): Means => ({
  labels: Int32Array.from(rows, (_, i) => 2 * i), // not 0, 1, 2: an index is not a label
  data: Float64Array.from(rows.flat()),
  shape: [rows.length, rows[0]!.length],
});
const batch = (rows: number[][]) => ({
  data: Float32Array.from(rows.flat()),
  shape: [rows.length, rows[0]!.length] as [number, number],
});

onEachBackend('nearestClassMean().of', () => {
  test.each(cases)('$name: equal to NumPy and scikit-learn', async ({ means, x, nearest, scores }) => {
    const scorer = nearestClassMean().of(meansOf(means));
    const result = await scorer.classify({ features: batch(x) });
    expect([...result.labels]).toEqual(nearest.map((c) => 2 * c));
    expectClose(result.scores, scores, { relative: 2 ** -23, absolute: 0 });
    expect(result.scores[0]).toBe(0); // the image at its mean
    const tensor = tf.tensor2d(x);
    const direct = scorer.scoreTensor(tensor);
    expectClose(await direct.data(), scores, { relative: 1e-5, absolute: 1e-10 });
    expect(await scorer.score({ features: tensor })).toEqual(result.scores);
    tf.dispose([tensor, direct]);
    scorer.dispose();
  });

  test('blocks of any size give the same result', async () => {
    const random = seededRandom(1);
    const x = Array.from({ length: 50 }, () => [random.normal(), random.normal()]);
    const means = meansOf([
      [0, 0],
      [1, 1],
      [-1, 2],
    ]);
    const results = [];
    for (const blockSize of [1, 7, 50, 64]) {
      const scorer = nearestClassMean({ blockSize }).of(means);
      results.push(await scorer.classify({ features: batch(x) }));
      scorer.dispose();
    }
    for (const { labels, scores } of results) {
      expect(labels).toEqual(results[0]!.labels);
      expect(scores).toEqual(results[0]!.scores);
    }
  });

  test('one class, no row, and higher for what is farther', async () => {
    const scorer = nearestClassMean().of(meansOf([[1, 1]]));
    expect([
      ...(await scorer.score({
        features: batch([
          [1, 1],
          [1, 3],
          [10, 1],
        ]),
      })),
    ]).toEqual([0, 4, 81]);
    expect(await scorer.score({ features: { data: new Float32Array(), shape: [0, 2] } })).toHaveLength(0);
    scorer.dispose();
  });

  test('bad input', async () => {
    const store = new ClassMeans();
    await store.add(batch([[1, 2]]), [0]);
    const scorer = nearestClassMean().of(store);
    await expect(
      scorer.score({
        features: batch([
          [1, 2],
          [1, NaN],
        ]),
      }),
    ).rejects.toThrow(NotFiniteError);
    await expect(
      scorer.score({
        features: batch([
          [1, 2],
          [1, NaN],
        ]),
      }),
    ).rejects.toThrow('NaN at row 1, column 1');
    await expect(scorer.score({ features: batch([[1, 2, 3]]) })).rejects.toThrow(ShapeError);
    await expect(scorer.score({ features: batch([[1, 2, 3]]) })).rejects.toThrow('[N, 2], got [N, 3]');
    expect(() => nearestClassMean({ blockSize: 0 }).of(store)).toThrow(
      'blockSize must be a whole number from 1, got 0',
    );
    expect(() => nearestClassMean().of(new ClassMeans())).toThrow('store must be one that has samples');
    expect(() => nearestClassMean().of({ labels: Int32Array.of(0), data: new Float64Array(3), shape: [1, 2] })).toThrow(
      ShapeError,
    );
    scorer.dispose();
  });
});
