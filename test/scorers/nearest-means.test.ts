import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ArgumentError,
  nearestClassMean,
  NotFiniteError,
  seededRandom,
  type ClassMeanScorer,
  type Means,
} from 'tfjs-ood';
import { expectClose } from '../expect-close';
import { casesOn, onEachBackend } from '../on-each-backend';

const meansOf = (data: Float64Array, size: number): Means => ({
  labels: Int32Array.from({ length: data.length / size }, (_, c) => 5 + 3 * c),
  data,
  shape: [data.length / size, size],
});
const batch = (data: Float32Array, size: number) => ({ data, shape: [data.length / size, size] as const });

/** By its definition, in float64; the first of equally near means. */
function naive({ labels, data, shape: [classes, size] }: Means, rows: Float32Array) {
  const distances = Array.from({ length: rows.length / size }, (_, row) =>
    Array.from({ length: classes }, (_, c) =>
      Array.from({ length: size }, (_, i) => (rows[row * size + i]! - data[c * size + i]!) ** 2).reduce(
        (a, b) => a + b,
      ),
    ),
  );
  const least = distances.map((own) => own.reduce((a, b) => Math.min(a, b)));
  return { distances, labels: least.map((value, row) => labels[distances[row]!.indexOf(value)]!), scores: least };
}

/** Rows near the means of `groups` groups of means that are `spread` apart, while the groups are `offset` apart. */
function groupedCase(seed: number, { size = 16, groups = 3, each = 4, spread = 0.01, offset = 1000, rows = 60 } = {}) {
  const random = seededRandom(seed);
  const centers = Array.from({ length: groups * size }, () => offset * random.normal());
  const data = Float64Array.from({ length: groups * each * size }, (_, i) => {
    const [c, k] = [Math.floor(i / size), i % size];
    return centers[(c % groups) * size + k]! + spread * random.normal();
  });
  const x = Float32Array.from({ length: rows * size }, (_, i) => {
    const c = Math.floor(i / size) % (groups * each);
    return data[c * size + (i % size)]! + 0.3 * spread * random.normal();
  });
  return { means: meansOf(data, size), x, size };
}

onEachBackend('the nearest mean', (backend) => {
  test.each([
    ['far groups of close means, far from the origin', {}],
    ['groups so close that float32 hardly tells them apart', { spread: 1e-3, offset: 1e4 }],
    ['one class', { groups: 1, each: 1 }],
    ['more classes than rows', { each: 20, rows: 7 }],
    ['one column', { size: 1 }],
  ])('%s: as by definition in float64', async (_, options) => {
    const { means, x, size } = groupedCase(3, options);
    const scorer = nearestClassMean({ blockSize: 32 }).of(means);
    const { labels, scores } = await scorer.classify({ features: batch(x, size) });
    const expected = naive(means, x);
    scorer.dispose();
    expect([...labels]).toEqual(expected.labels);
    expectClose(scores, expected.scores, { relative: 2 ** -23, absolute: 0 });
  });

  test('any means and rows: as by definition, whatever the block size', async () => {
    // Few values, so that ties and near-ties are common.
    const value = fc.constantFrom(0, 1, -1, 0.5, 1e4, 1e4 + 0.001, -3e-5, 1e19, 1e-30);
    const rowsOf = (size: number) => fc.array(value, { minLength: 1, maxLength: 8 * size });
    const input = fc
      .integer({ min: 1, max: 3 })
      .chain((size) => fc.tuple(fc.constant(size), rowsOf(size), rowsOf(size), fc.integer({ min: 1, max: 9 })));
    await fc.assert(
      fc.asyncProperty(input, async ([size, a, b, blockSize]) => {
        const whole = (list: number[]) => [...list, ...Array<number>((size - (list.length % size)) % size).fill(1)];
        const [means, x] = [meansOf(Float64Array.from(whole(a)), size), Float32Array.from(whole(b))];
        const scorer = nearestClassMean({ blockSize }).of(means);
        const { labels, scores } = await scorer.classify({ features: batch(x, size) });
        scorer.dispose();
        const expected = naive(means, x);
        // Of two distances that float64 cannot tell apart either may be the least.
        const found = Array.from(labels, (label, row) => expected.distances[row]![means.labels.indexOf(label)]!);
        expectClose(found, expected.scores, { relative: 1e-15, absolute: 0 });
        expectClose(scores, Float32Array.from(expected.scores), { relative: 2 ** -22, absolute: 1e-44 });
      }),
      { numRuns: casesOn(backend, 300) },
    );
  });

  test('two equal means: the first; a row on both sides alike: the first', async () => {
    const scorer = nearestClassMean().of(meansOf(Float64Array.of(4, 0, 2, 2), 1));
    const { labels, scores } = await scorer.classify({ features: batch(Float32Array.of(2, 3, 1), 1) });
    scorer.dispose();
    expect([...labels]).toEqual([11, 5, 8]); // means 2; 4 before 2; 0 before 2
    expect([...scores]).toEqual([0, 1, 1]);
  });

  test('what overflows float32 is the nearest mean all the same, at distance infinity', async () => {
    const scorer = nearestClassMean().of(meansOf(Float64Array.of(3e38, -3e38, 0), 1));
    const { labels, scores } = await scorer.classify({ features: batch(Float32Array.of(-1e38, -2.5e38, 1e19), 1) });
    scorer.dispose();
    expect([...labels]).toEqual([11, 8, 11]);
    expectClose(scores, [Infinity, Infinity, 1e38], { relative: 1e-6 });
  });

  test('scoreTensor finds the right one of a group of close means', async () => {
    const { means, x, size } = groupedCase(5);
    const scorer = nearestClassMean().of(means);
    const rows = tf.tensor2d(x, [x.length / size, size]);
    const scores = scorer.scoreTensor(rows);
    // x and m are rounded to float32 at 1000: a share of 1000 * 2^-24 / 0.01 of the distance, in each of two.
    expectClose(await scores.data(), naive(means, x).scores, { relative: 0.05, absolute: 0 });
    tf.dispose([rows, scores]);
    scorer.dispose();
  });

  test('scoreTensor: the gradient is that of finite differences', async () => {
    const means = meansOf(Float64Array.of(0, 0, 4, 0, 4, 3), 2);
    const x = [1, 0.5, 3, 2.5, -1, -2];
    const weights = [1, -2, 3];
    const scorer = nearestClassMean().of(means);
    const rows = tf.tensor2d(x, [3, 2]);
    const gradient = tf.grad((r) => tf.sum(tf.mul(scorer.scoreTensor(tf.mul(r, 1)), tf.tensor1d(weights))))(rows);
    const total = (at: number[]) =>
      naive(means, Float32Array.from(at)).scores.reduce((sum, score, row) => sum + weights[row]! * score, 0);
    const step = 2 ** -8;
    const expected = x.map((_, i) => {
      const moved = (by: number) => x.map((value, k) => (k === i ? value + by : value));
      return (total(moved(step)) - total(moved(-step))) / (2 * step);
    });
    expectClose(await gradient.data(), expected, { relative: 1e-4 });
    tf.dispose([rows, gradient]);
    scorer.dispose();
  });

  test('scoreTensor: NaN stays in its row', async () => {
    const scorer = nearestClassMean().of(meansOf(Float64Array.of(0, 0, 4, 4), 2));
    const rows = tf.tensor2d([1, 0, NaN, 0, 4, 2], [3, 2]);
    const scores = scorer.scoreTensor(rows);
    expect([...(await scores.data())]).toEqual([1, NaN, 4]);
    tf.dispose([rows, scores]);
    scorer.dispose();
  });

  test('called inside tidy, and after the means have changed', async () => {
    const means = meansOf(Float64Array.of(1, 2), 1);
    let scorer!: ClassMeanScorer;
    tf.tidy(() => void (scorer = nearestClassMean().of(means)));
    means.data.fill(9);
    means.labels.fill(0);
    const rows = tf.tensor2d([1, 5], [2, 1], 'int32');
    const { labels, scores } = await scorer.classify({ features: rows });
    expect([...labels, ...scores]).toEqual([5, 8, 0, 9]);
    tf.tidy(() => void scorer.scoreTensor(tf.cast(rows, 'float32')));
    const again = tf.tidy(() => scorer.scoreTensor(tf.cast(rows, 'float32')));
    expect([...(await again.data())]).toEqual([0, 9]);
    tf.dispose([rows, again]);
    scorer.dispose();
    scorer.dispose();
    await expect(scorer.score({ features: batch(Float32Array.of(1), 1) })).rejects.toThrow(
      'one that is in use, got one after dispose()',
    );
  });

  test('bad means, bad embeddings', async () => {
    const means = meansOf(Float64Array.of(1, 2), 1);
    const withLabels = (...labels: number[]) => ({ ...means, labels: Int32Array.from(labels) });
    expect(() => nearestClassMean().of(withLabels(0, -1))).toThrow('means.labels must be class indices from 0');
    expect(() => nearestClassMean().of(withLabels(1, 1))).toThrow('once each, got 1 at index 1');
    expect(() => nearestClassMean().of(meansOf(Float64Array.of(1, NaN), 1))).toThrow(NotFiniteError);
    expect(() => nearestClassMean().of(meansOf(Float64Array.of(1, NaN), 1))).toThrow('means must be finite');
    const scorer = nearestClassMean().of(means);
    await expect(scorer.score({ features: { data: ['1', 2] as never, shape: [2, 1] } })).rejects.toThrow(ArgumentError);
    await expect(scorer.score({ features: { data: Float32Array.of(1), shape: [0.5, 2] } })).rejects.toThrow(
      'must be [N, D]',
    );
    expect(() => tf.tidy(() => scorer.scoreTensor(tf.tensor1d([1]) as never))).toThrow('must be [N, 1], got [1]');
    expect(() => tf.tidy(() => scorer.scoreTensor(tf.tensor2d([[1, 2]])))).toThrow('must be [N, 1], got [1, 2]');
    scorer.dispose();
  });
});
