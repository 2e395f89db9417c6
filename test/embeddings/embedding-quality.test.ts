import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, nearestClassMean, NotFiniteError, seededRandom, ShapeError } from 'tfjs-ood';
import { ClassMeans, distanceRatio, nearestMeanAccuracy, recallAtK, silhouette } from 'tfjs-ood/embeddings';
import openSet from '../fixtures/open-set.json';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';

interface Case {
  name: string;
  shape: [number, number];
  data: number[];
  labels: number[];
  silhouette: number;
  intra: number;
  inter: number;
  ks: number[];
  recall: number[];
}
const { quality } = openSet as unknown as { quality: Case[] };
const tight = { relative: 1e-12, absolute: 1e-12 };

test.each(quality)('scikit-learn and NumPy: $name', async ({ data, shape, labels, ...expected }) => {
  const embeddings = { data: Float32Array.from(data), shape };
  expectClose(await silhouette(embeddings, labels), expected.silhouette, tight);
  const { ratio, intraClass, interClass } = await distanceRatio(embeddings, labels);
  expectClose([intraClass, interClass], [expected.intra, expected.inter], tight);
  expectClose(ratio, expected.intra / expected.inter, tight);
  expectClose(await recallAtK(embeddings, labels, expected.ks), expected.recall, tight);
});

interface Row {
  x: number[];
  label: number;
}
// Few whole numbers: ties, equal points, classes of one row. Sizes below, at and above four rows and columns.
const rowsOf = (size: number) =>
  fc.record({
    x: fc.array(fc.integer({ min: -2, max: 2 }), { minLength: size, maxLength: size }),
    label: fc.integer({ min: 0, max: 3 }),
  });
const rows = fc.integer({ min: 1, max: 5 }).chain((size) => fc.array(rowsOf(size), { minLength: 3, maxLength: 11 }));
const embed = (each: readonly Row[]) => ({
  data: Float32Array.from(each.flatMap(({ x }) => x)),
  shape: [each.length, each[0]!.x.length] as [number, number],
});
const labelsOf = (each: readonly Row[]) => each.map(({ label }) => label);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const squared = (a: Row, b: Row) => a.x.reduce((sum, value, i) => sum + (value - b.x[i]!) ** 2, 0);
const distance = (a: Row, b: Row) => Math.sqrt(squared(a, b));

describe('naive definitions', () => {
  test('recallAtK sorts all neighbors, equal ones by their index', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (all) => {
        fc.pre(new Set(labelsOf(all)).size < all.length);
        const ks = [1, 2, all.length - 1];
        const expected = ks.map((k) =>
          mean(
            all.map((query) => {
              const others = all.filter((other) => other !== query);
              const near = others.sort((a, b) => squared(query, a) - squared(query, b)).slice(0, k); // stable
              return Number(near.some(({ label }) => label === query.label));
            }),
          ),
        );
        expectClose(await recallAtK(embed(all), labelsOf(all), ks), expected, tight);
      }),
      { numRuns: 2500 },
    );
  });
  test('recallAtK among other rows', async () => {
    const two = fc
      .integer({ min: 1, max: 3 })
      .chain((size) =>
        fc.tuple(
          fc.array(rowsOf(size), { minLength: 1, maxLength: 6 }),
          fc.array(rowsOf(size), { minLength: 2, maxLength: 9 }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(two, async ([queries, others]) => {
        fc.pre(queries.some(({ label }) => labelsOf(others).includes(label)));
        const ks = [others.length, 1, 2];
        const expected = ks.map((k) =>
          mean(
            queries.map((query) => {
              const near = [...others].sort((a, b) => squared(query, a) - squared(query, b)).slice(0, k);
              return Number(near.some(({ label }) => label === query.label));
            }),
          ),
        );
        const reference = { embeddings: embed(others), labels: labelsOf(others) };
        expectClose(await recallAtK(embed(queries), labelsOf(queries), ks, { reference }), expected, tight);
      }),
      { numRuns: 1500 },
    );
  });
  test('distanceRatio goes over all pairs', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (all) => {
        const pairs = all.flatMap((a, i) => all.slice(i + 1).map((b) => [a, b] as const));
        const intra = pairs.filter(([a, b]) => a.label === b.label).map(([a, b]) => distance(a, b));
        const inter = pairs.filter(([a, b]) => a.label !== b.label).map(([a, b]) => distance(a, b));
        fc.pre(intra.length > 0 && inter.length > 0 && mean(inter) > 0);
        const { ratio, intraClass, interClass } = await distanceRatio(embed(all), labelsOf(all));
        expectClose([intraClass, interClass, ratio], [mean(intra), mean(inter), mean(intra) / mean(inter)], tight);
      }),
      { numRuns: 2000 },
    );
  });
  test('silhouette of each row', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (all) => {
        const classes = [...new Set(labelsOf(all))];
        fc.pre(classes.length > 1 && classes.length < all.length);
        const expected = mean(
          all.map((one) => {
            const toClass = (label: number) =>
              mean(all.filter((other) => other !== one && other.label === label).map((other) => distance(one, other)));
            const a = toClass(one.label);
            const b = Math.min(...classes.filter((label) => label !== one.label).map(toClass));
            return Number.isNaN(a) || Math.max(a, b) === 0 ? 0 : (b - a) / Math.max(a, b);
          }),
        );
        expectClose(await silhouette(embed(all), labelsOf(all)), expected, tight);
      }),
      { numRuns: 2500 },
    );
  });
  test('nearestMeanAccuracy from means, of equally near ones the first', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 6 }), async (all, count) => {
        const means = all.slice(0, count);
        const nearest = (one: Row) => Math.min(...means.map((each) => squared(one, each)));
        const expected = mean(
          all.map((one) => Number(means.findIndex((each) => squared(one, each) === nearest(one)) === one.label)),
        );
        const { data, shape } = embed(means);
        const source = { labels: Int32Array.from(means.keys()), data: Float64Array.from(data), shape };
        expectClose(await nearestMeanAccuracy(source, embed(all), labelsOf(all)), expected, tight);
      }),
      { numRuns: 1500 },
    );
  });
});

/** Three Gaussian classes, apart by `spread`, around a point that float32 still resolves. */
function gaussians(count: number, size: number, spread: number, seed: number) {
  const random = seededRandom(seed);
  const labels = Int32Array.from({ length: count }, () => random.integer(3));
  const data = new Float32Array(count * size);
  data.forEach((_, i) => (data[i] = random.normal() + (i % size === labels[Math.floor(i / size)] ? spread : 0)));
  return { embeddings: { data, shape: [count, size] as [number, number] }, labels };
}

test('what shifting, scaling, turning around and shuffling do', async () => {
  const { embeddings, labels } = gaussians(60, 5, 2, 1);
  const { data, shape } = embeddings;
  const order = seededRandom(3).permutation(60);
  const changed = {
    data: Float32Array.from(data, (_, i) => -4 * data[order[Math.floor(i / 5)]! * 5 + (i % 5)]!), // exact in float32
    shape,
  };
  const shuffled = labels.map((_, i) => labels[order[i]!]!);
  expectClose(await silhouette(changed, shuffled), await silhouette(embeddings, labels), tight);
  expect(await recallAtK(changed, shuffled, [1, 4])).toEqual(await recallAtK(embeddings, labels, [1, 4]));
  const [before, after] = [await distanceRatio(embeddings, labels), await distanceRatio(changed, shuffled)];
  expectClose(after.ratio, before.ratio, tight);
  expectClose(after.intraClass, 4 * before.intraClass, tight);
});

test('classes apart score better than classes in one heap', async () => {
  const [apart, heap] = [gaussians(300, 4, 20, 1), gaussians(300, 4, 0, 1)];
  expect(await recallAtK(apart.embeddings, apart.labels, [1])).toEqual([1]);
  expectClose((await recallAtK(heap.embeddings, heap.labels, [1]))[0]!, 1 / 3, { absolute: 0.1 });
  expect((await distanceRatio(apart.embeddings, apart.labels)).ratio).toBeLessThan(0.2);
  expectClose((await distanceRatio(heap.embeddings, heap.labels)).ratio, 1, { absolute: 0.05 });
  expect(await silhouette(apart.embeddings, apart.labels)).toBeGreaterThan(0.8);
  expectClose(await silhouette(heap.embeddings, heap.labels), 0, { absolute: 0.05 });
});

describe('few points, one point', () => {
  const points = (...data: number[]) => ({
    data: Float32Array.from(data),
    shape: [data.length, 1] as [number, number],
  });
  test('identical points: by index, no preference', async () => {
    const same = points(2, 2, 2, 2);
    // Row 2 finds row 0 first, row 1 finds row 3 last
    expect(await recallAtK(same, [0, 1, 0, 1], [1, 2, 3])).toEqual([0.25, 0.75, 1]);
    expect(await silhouette(same, [0, 0, 1, 1])).toBe(0);
    await expect(distanceRatio(same, [0, 0, 1, 1])).rejects.toThrow('in more than one point, got one point');
    expect((await distanceRatio(points(2, 2, 3, 3), [0, 0, 1, 1])).ratio).toBe(0);
  });
  test('one class', async () => {
    expect(await recallAtK(points(1, 2), [5, 5], [1])).toEqual([1]);
    await expect(silhouette(points(1, 2), [5, 5])).rejects.toThrow('two classes at least');
    await expect(distanceRatio(points(1, 2), [5, 5])).rejects.toThrow(ArgumentError);
  });
  test('one row of each class', async () => {
    await expect(recallAtK(points(1, 2), [0, 1], [1])).rejects.toThrow('labels must be some that two rows have');
    await expect(silhouette(points(1, 2), [0, 1])).rejects.toThrow('got 2 in 2 rows');
    await expect(distanceRatio(points(1, 2), [0, 1])).rejects.toThrow(ArgumentError);
  });
  test('a row that is alone in its class is never found', async () => {
    expect(await recallAtK(points(0, 1, 9), [0, 0, 1], [1, 2])).toEqual([2 / 3, 2 / 3]);
  });
  test('a row of a class without a mean is wrong', async () => {
    const means = new ClassMeans();
    await means.add(points(0, 10), [0, 1]);
    expect(await nearestMeanAccuracy(means, points(1, 9, 9), [0, 1, 7])).toBe(2 / 3);
  });
  test('small distances far from the origin', async () => {
    const far = points(16_000_000, 16_000_001, 16_000_004, 16_000_005);
    expect(await distanceRatio(far, [0, 0, 1, 1])).toEqual({ ratio: 0.25, intraClass: 1, interClass: 4 });
  });
});

describe('bad input', () => {
  const x = { data: Float32Array.of(0, 1, 4, 5), shape: [4, 1] as [number, number] };
  const means = { labels: Int32Array.of(0), data: Float64Array.of(0), shape: [1, 1] as [number, number] };
  type Call = (embeddings: typeof x, labels: number[]) => Promise<unknown>;
  const calls: Record<string, Call> = {
    recallAtK: (e, l) => recallAtK(e, l, [1]),
    distanceRatio,
    silhouette,
    nearestMeanAccuracy: (e, l) => nearestMeanAccuracy(means, e, l),
  };
  test.each(Object.entries(calls))('%s', async (name, call) => {
    await expect(call(x, [0, 0, 1, -1])).rejects.toThrow(
      `${name}: labels must be class indices from 0 to 2147483647 (leave OoD rows out), got -1 at index 3`,
    );
    await expect(call(x, [0, 0, 1, 0.5])).rejects.toThrow(ArgumentError);
    await expect(call(x, [0, 0, 1])).rejects.toThrow('labels must be 4 labels, got 3');
    await expect(call({ data: Float32Array.of(0, NaN, 1, 2), shape: [4, 1] }, [0, 0, 1, 1])).rejects.toThrow(
      NotFiniteError,
    );
    await expect(call({ data: new Float32Array(), shape: [0, 1] }, [])).rejects.toThrow('at least one row, got none');
    await expect(call({ data: new Float32Array(3), shape: [4, 1] }, [0, 0, 1, 1])).rejects.toThrow(ShapeError);
  });
  test('numbers of neighbors, other rows, other means', async () => {
    const labels = [0, 0, 1, 1];
    for (const k of [0, 4, 1.5, NaN]) {
      await expect(recallAtK(x, labels, [1, k])).rejects.toThrow(`number of neighbors, 3, got ${k}`);
    }
    await expect(recallAtK(x, labels, [])).rejects.toThrow('got none');
    const other = (data: number[], size: number, ofThem: number[]) => ({
      reference: {
        embeddings: { data: Float32Array.from(data), shape: [data.length / size, size] as const },
        labels: ofThem,
      },
    });
    expect(await recallAtK(x, labels, [2], other([0, 5], 1, [0, 1]))).toEqual([1]);
    await expect(recallAtK(x, labels, [3], other([0, 5], 1, [0, 1]))).rejects.toThrow('neighbors, 2, got 3');
    await expect(recallAtK(x, labels, [1], other([0, 5], 2, [0]))).rejects.toThrow('must be [M, 1], got [M, 2]');
    await expect(recallAtK(x, labels, [1], other([0, 5], 1, [0, -1]))).rejects.toThrow('reference.labels');
    await expect(recallAtK(x, labels, [1], other([0, 5], 1, [7, 8]))).rejects.toThrow('some that the reference has');
    await expect(nearestMeanAccuracy({ ...means, data: Float64Array.of(1, 2) }, x, labels)).rejects.toThrow(ShapeError);
    await expect(nearestMeanAccuracy({ ...means, shape: [1, 2] }, x, labels)).rejects.toThrow('as the class means');
    await expect(nearestMeanAccuracy({ ...means, data: Float64Array.of(NaN) }, x, labels)).rejects.toThrow(
      NotFiniteError,
    );
    await expect(nearestMeanAccuracy(new ClassMeans(), x, labels)).rejects.toThrow('ClassMeans.means');
    const short = { classify: () => Promise.resolve({ labels: [0] }) };
    await expect(nearestMeanAccuracy(short, x, labels)).rejects.toThrow('must be 4 labels from classify(), got 1');
  });
});

onEachBackend('embedding quality', () => {
  test('of tensors, and by a scorer as by the means', async () => {
    const { embeddings, labels } = gaussians(90, 4, 2, 2);
    const x = tf.tensor2d(embeddings.data, embeddings.shape);
    expect(await recallAtK(x, labels, [1, 3])).toEqual(await recallAtK(embeddings, labels, [1, 3]));
    expect(await silhouette(x, labels)).toBe(await silhouette(embeddings, labels));
    expect(await distanceRatio(x, labels)).toEqual(await distanceRatio(embeddings, labels));
    const means = new ClassMeans();
    await means.add(x, labels);
    const scorer = nearestClassMean().of(means);
    const accuracy = await nearestMeanAccuracy(scorer, x, labels);
    expect(accuracy).toBe(await nearestMeanAccuracy(means, x, labels));
    expect(accuracy).toBeGreaterThan(0.7);
    expect(accuracy).toBeLessThan(1); // the rows are sorted inside: a wrong order would not be near
    scorer.dispose();
    x.dispose();
  });
});
