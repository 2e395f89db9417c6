import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ArgumentError,
  ClassMeans,
  decodeSafetensors,
  encodeSafetensors,
  FormatError,
  NotFiniteError,
  seededRandom,
  ShapeError,
} from 'tfjs-ood';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';

const D = 3;
const samples = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: 4 }),
    fc.array(fc.float({ noNaN: true, min: -1000, max: 1000 }), { minLength: D, maxLength: D }),
  ),
  { minLength: 1, maxLength: 60 },
);
type Sample = [number, number[]];

const block = (rows: readonly Sample[]) =>
  [
    { data: Float32Array.from(rows.flatMap(([, x]) => x)), shape: [rows.length, D] as [number, number] },
    rows.map(([label]) => label),
  ] as const;

const store = async (rows: readonly Sample[]) => {
  const means = new ClassMeans();
  await means.add(...block(rows));
  return means;
};

test('means are sums over counts, whatever the blocks, merges and their order', async () => {
  await fc.assert(
    fc.asyncProperty(samples, fc.array(fc.nat(59), { maxLength: 4 }), fc.boolean(), async (rows, cuts, backwards) => {
      const places = [0, ...cuts.map((cut) => Math.min(cut, rows.length)).sort((a, b) => a - b), rows.length];
      const parts = await Promise.all(places.slice(1).map((end, i) => store(rows.slice(places[i], end))));
      if (backwards) parts.reverse();
      const merged = new ClassMeans();
      for (const part of parts) merged.merge(part);

      const classes = [...new Set(rows.map(([label]) => label))].sort((a, b) => a - b);
      const naive = classes.flatMap((c) => {
        const own = rows.filter(([label]) => label === c);
        return Array.from({ length: D }, (_, k) => own.reduce((sum, [, x]) => sum + x[k]!, 0) / own.length);
      });
      const { labels, data, shape } = merged.means();
      expect([...labels]).toEqual(classes);
      expect(shape).toEqual([classes.length, D]);
      expectClose(data, naive, { relative: 1e-12, absolute: 1e-12 * 1000 });
      expectClose(data, (await store(rows)).means().data, { relative: 1e-12, absolute: 1e-12 * 1000 });
      for (const c of classes) expect(merged.counts.get(c)).toBe(rows.filter(([label]) => label === c).length);
    }),
  );
});

test('merging a store with itself counts it twice', async () => {
  const means = await store([
    [0, [1, 2, 3]],
    [1, [4, 5, 6]],
  ]);
  means.merge(means);
  expect([...means.counts]).toEqual([
    [0, 2],
    [1, 2],
  ]);
  expect([...means.means().data]).toEqual([1, 2, 3, 4, 5, 6]);
});

test('a million small numbers on a large sum are not lost', async () => {
  const means = new ClassMeans();
  const rows = 1_000_000;
  await means.add({ data: new Float32Array(rows).fill(0.1), shape: [rows, 1] }, new Int32Array(rows));
  expectClose(means.means().data, [Math.fround(0.1)], { relative: 1e-15, absolute: 0 });
});

test('shards of numbers of all magnitudes, merged in any order: the exact mean to 1e-12 of the mean magnitude', async () => {
  const random = seededRandom(2);
  const data = Float32Array.from({ length: 20_000 }, () => random.normal() * 10 ** (8 * random.uniform() - 4));
  // Float32 numbers are whole multiples of 2^-149, none lost in a big integer.
  const exact = data.reduce((sum, x) => sum + BigInt(x * 2 ** 149), 0n);
  const mean = Number(exact) / 2 ** 149 / data.length;
  const magnitude = data.reduce((sum, x) => sum + Math.abs(x), 0) / data.length;
  for (let repeat = 0; repeat < 5; repeat++) {
    const merged = new ClassMeans();
    for (const shard of random.permutation(40)) {
      const part = new ClassMeans();
      await part.add({ data: data.subarray(500 * shard, 500 * (shard + 1)), shape: [500, 1] }, new Uint8Array(500));
      merged.merge(part);
    }
    expectClose(merged.means().data, [mean], { absolute: 1e-12 * magnitude });
  }
});

test('an empty block, an empty store and other kinds of labels', async () => {
  const means = new ClassMeans();
  expect(means.embeddingSize).toBeUndefined();
  means.merge(new ClassMeans());
  await means.add({ data: new Float32Array(), shape: [0, 2] }, []);
  expect(means.counts.size).toBe(0);
  await means.add({ data: Float32Array.of(1, 2), shape: [1, 2] }, Uint8Array.of(255));
  await means.add({ data: Float32Array.of(3, 6), shape: [1, 2] }, Int32Array.of(2 ** 31 - 1));
  expect(means.means()).toEqual({
    labels: Int32Array.of(255, 2 ** 31 - 1),
    data: Float64Array.of(1, 2, 3, 6),
    shape: [2, 2],
  });
  expect(means.embeddingSize).toBe(2);
  const other = new ClassMeans();
  await other.add({ data: Float32Array.of(1, 2, 3), shape: [1, 3] }, [0]);
  const before = means.state();
  expect(() => means.merge(other)).toThrow(ShapeError);
  expect(() => means.merge(other)).toThrow('ClassMeans.merge: embeddings must be [N, 2], got [N, 3]');
  expect(means.state()).toEqual(before);
});

test('what comes out is a copy', async () => {
  const means = await store([[0, [1, 2, 3]]]);
  means.means().data.fill(9);
  means.state().sums.data.fill(9);
  (means.counts as Map<number, number>).set(0, 9);
  const state = means.state();
  const again = ClassMeans.from(state);
  state.sums.data.fill(9);
  for (const each of [means, again]) {
    expect([...each.means().data]).toEqual([1, 2, 3]);
    expect(each.counts.get(0)).toBe(1);
  }
});

test('state goes through safetensors and back', async () => {
  const means = await store([
    [3, [1, 2, 3]],
    [0, [4, 5, 6]],
    [3, [7, 8, 9]],
  ]);
  const again = ClassMeans.from(decodeSafetensors(encodeSafetensors(means.state())).tensors);
  expect(again.means()).toEqual(means.means());
  expect([...again.counts]).toEqual([
    [0, 1],
    [3, 2],
  ]);
  await again.add(...block([[0, [0, 0, 0]]]));
  expect(again.counts.get(0)).toBe(2);
  expect(() => ClassMeans.from({})).toThrow('ClassMeans.from: state.labels must be I32 [C], got none');
  const state = means.state();
  const [F64, I32] = ['F64', 'I32'] as const;
  expect(() => ClassMeans.from({ ...state, labels: { dtype: I32, shape: [2], data: Int32Array.of(0, 0) } })).toThrow(
    'state.labels must be class indices from 0, once each, got 0 at index 1',
  );
  expect(() => ClassMeans.from({ ...state, labels: { dtype: I32, shape: [2], data: Int32Array.of(-1, 0) } })).toThrow(
    'class indices from 0, once each, got -1 at index 0',
  );
  expect(() => ClassMeans.from({ ...state, counts: { dtype: F64, shape: [1], data: Float64Array.of(1) } })).toThrow(
    'state.counts must be F64 [2], got F64 [1]',
  );
  expect(() =>
    ClassMeans.from({ ...state, counts: { dtype: F64, shape: [2], data: Float64Array.of(1, 1.5) } }),
  ).toThrow('state.counts must be whole numbers from 1, got 1.5 at index 1');
  expect(() =>
    ClassMeans.from({ ...state, sums: { dtype: F64, shape: [2, 3], data: Float64Array.of(1, 2, 3, 4, NaN, 6) } }),
  ).toThrow(FormatError);
  expect(() =>
    ClassMeans.from({ ...state, counts: { dtype: 'F64', shape: [2], data: Float64Array.of(1, 0) } }),
  ).toThrow(FormatError);
});

describe('bad input changes nothing', () => {
  test.each<[string, (means: ClassMeans) => Promise<void>, new (...args: never[]) => Error, string]>([
    [
      'NaN',
      (m) => m.add({ data: Float32Array.of(1, 2, 3, 4, NaN, 6), shape: [2, 3] }, [0, 0]),
      NotFiniteError,
      'NaN at row 1, column 1',
    ],
    [
      'infinity',
      (m) => m.add({ data: Float32Array.of(1, 2, -Infinity), shape: [1, 3] }, [0]),
      NotFiniteError,
      '-Infinity at row 0, column 2',
    ],
    [
      'an OoD label',
      (m) =>
        m.add(
          ...block([
            [0, [1, 1, 1]],
            [-1, [1, 1, 1]],
          ]),
        ),
      ArgumentError,
      '-1 at index 1',
    ],
    ['half a label', (m) => m.add(...block([[0.5, [1, 1, 1]]])), ArgumentError, '0.5 at index 0'],
    [
      'too few labels',
      (m) => m.add({ data: new Float32Array(6), shape: [2, 3] }, [0]),
      ShapeError,
      'labels must be 2 labels, got 1',
    ],
    [
      'another D',
      (m) => m.add({ data: new Float32Array(2), shape: [1, 2] }, [0]),
      ShapeError,
      'must be [N, 3], got [N, 2]',
    ],
    [
      'too little data',
      (m) => m.add({ data: new Float32Array(5), shape: [2, 3] }, [0, 0]),
      ShapeError,
      '6 numbers for [2, 3], got 5',
    ],
  ])('%s', async (_, add, kind, message) => {
    const means = await store([[0, [1, 2, 3]]]);
    const before = means.state();
    await expect(add(means)).rejects.toThrow(kind);
    await expect(add(means)).rejects.toThrow(message);
    expect(means.state()).toEqual(before);
  });
  test('an empty store has no means', () => {
    expect(() => new ClassMeans().means()).toThrow('ClassMeans.means: store must be one that has samples');
  });
});

onEachBackend('ClassMeans.add of tensors', () => {
  test('two adds at the same time both count', async () => {
    const x = tf.tensor2d([
      [1, 2],
      [3, 4],
    ]);
    const means = new ClassMeans();
    await Promise.all([means.add(x, [0, 1]), means.add(x, [1, 1])]);
    x.dispose();
    expect([...means.means().data]).toEqual([1, 2, 7 / 3, 10 / 3]);
  });

  test('of two first adds at the same time with different D the second is refused', async () => {
    const [x, y] = [tf.tensor2d([[1, 2]]), tf.tensor2d([[1, 2, 3]])];
    const means = new ClassMeans();
    const results = await Promise.allSettled([means.add(x, [0]), means.add(y, [1])]);
    tf.dispose([x, y]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(means.counts.size).toBe(1);
  });

  test('labels that change while the tensor is read, and a tensor of whole numbers', async () => {
    const x = tf.tensor2d([[1, 2]], [1, 2], 'int32');
    const [means, labels] = [new ClassMeans(), Int32Array.of(4)];
    const added = means.add(x, labels);
    labels[0] = 7;
    await added;
    x.dispose();
    expect([...means.counts]).toEqual([[4, 1]]);
    expect([...means.means().data]).toEqual([1, 2]);
  });
});
