import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, ClassMeans, decodeSafetensors, encodeSafetensors, NotFiniteError, ShapeError } from 'tfjs-ood';
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

test('a million small numbers on a large one are not lost', async () => {
  const means = new ClassMeans();
  const rows = 1_000_000;
  await means.add({ data: new Float32Array(rows).fill(0.1), shape: [rows, 1] }, new Int32Array(rows));
  expectClose(means.means().data, [Math.fround(0.1)], { relative: 1e-10 });
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
  expect(() => ClassMeans.from({})).toThrow('state.labels must be I32 of rank 1, got none');
  const state = means.state();
  expect(() =>
    ClassMeans.from({ ...state, counts: { dtype: 'F64', shape: [2], data: Float64Array.of(1, 0) } }),
  ).toThrow(ArgumentError);
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
});
