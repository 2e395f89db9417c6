import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, seededRandom } from 'tfjs-ood';
import { ClassScatter, estimateCovariance, type CovarianceEstimator, type Scatter } from 'tfjs-ood/embeddings';
import fixture from '../fixtures/gaussian-scorers.json';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { gaussianRows, type Settings } from '../scorers/gaussian-rows';

type Block = readonly [{ data: Float32Array; shape: readonly [number, number] }, number[]];

/** Means and sums by their definitions, two passes, float64. */
function naive(data: ArrayLike<number>, labels: readonly number[], size: number) {
  const meanOf = (rows: number[]) =>
    Array.from({ length: size }, (_, i) => rows.reduce((sum, row) => sum + data[row * size + i]!, 0) / rows.length);
  const about = (rows: number[], means: Map<number, number[]>) => {
    const scatter = new Float64Array(size * size);
    let fourth = 0;
    for (const row of rows) {
      const z = means.get(labels[row]!)!.map((mean, i) => data[row * size + i]! - mean);
      fourth += z.reduce((sum, value) => sum + value * value, 0) ** 2;
      z.forEach((a, i) => z.forEach((b, j) => (scatter[i * size + j]! += a * b)));
    }
    return { scatter, fourth };
  };
  const all = labels.map((_, row) => row);
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  const rowsOf = (c: number) => all.filter((row) => labels[row] === c);
  const means = new Map(classes.map((c) => [c, meanOf(rowsOf(c))]));
  const mean = meanOf(all);
  return {
    means,
    mean,
    within: about(all, means),
    total: about(all, new Map(classes.map((c) => [c, mean]))),
    ofClass: (c: number) => about(rowsOf(c), means),
  };
}

const D = 3;
const value = fc.float({ noNaN: true, min: -1000, max: 1000 });
const samples = fc.array(fc.tuple(fc.integer({ min: 0, max: 4 }), fc.array(value, { minLength: D, maxLength: D })), {
  minLength: 1,
  maxLength: 60,
});
type Sample = [number, number[]];

const block = (rows: readonly Sample[]): Block => [
  { data: Float32Array.from(rows.flatMap(([, x]) => x)), shape: [rows.length, D] },
  rows.map(([label]) => label),
];

test('any blocks, merged in any order, give the sums by definition', async () => {
  await fc.assert(
    fc.asyncProperty(
      samples,
      fc.array(fc.nat(59), { maxLength: 4 }),
      fc.boolean(),
      fc.boolean(),
      async (rows, cuts, backwards, perClass) => {
        const places = [0, ...cuts.map((cut) => Math.min(cut, rows.length)).sort((a, b) => a - b), rows.length];
        const parts = await Promise.all(
          places.slice(1).map(async (end, i) => {
            const part = new ClassScatter({ perClass });
            if (end > places[i]!) await part.add(...block(rows.slice(places[i], end)));
            return part;
          }),
        );
        if (backwards) parts.reverse();
        const merged = new ClassScatter({ perClass });
        for (const part of parts) merged.merge(part);

        const [{ data }, labels] = block(rows);
        const wanted = naive(data, labels, D);
        const scale = 1e6 * rows.length;
        const same = (scatter: Scatter, { scatter: numbers, fourth }: { scatter: Float64Array; fourth: number }) => {
          expectClose(scatter.data, numbers, { absolute: 1e-12 * scale });
          if (perClass) expectClose(scatter.fourth!, fourth, { absolute: 1e-11 * scale * 1e6 });
          else expect(scatter.fourth).toBeUndefined();
        };
        expect([...merged.means().labels]).toEqual([...wanted.means.keys()]);
        expectClose(merged.means().data, [...wanted.means.values()].flat(), { absolute: 1e-9 });
        expectClose(merged.mean(), wanted.mean, { absolute: 1e-9 });
        expect(merged.within().count).toBe(rows.length);
        same(merged.within(), wanted.within);
        same(merged.total(), wanted.total);
        for (const [c, count] of merged.counts) {
          expect(count).toBe(labels.filter((label) => label === c).length);
          if (perClass) same(merged.ofClass(c), wanted.ofClass(c));
        }
      },
    ),
  );
});

/** 64 features that hang together, of very different sizes, at an offset. */
function wide(count: number, offset: number) {
  const random = seededRandom(11);
  const size = 64;
  const labels = Array.from({ length: count }, (_, row) => (row * row) % 5);
  const unit = Array.from({ length: size }, (_, i) => (offset === 0 ? 2 ** (3 * (i - 32)) : 1));
  const data = new Float32Array(count * size);
  for (let row = 0; row < count; row++) {
    let before = 0;
    for (let i = 0; i < size; i++) {
      before = 0.9 * before + random.normal();
      data[row * size + i] = (before + labels[row]!) * unit[i]! + offset;
    }
  }
  return { data, labels };
}

onEachBackend('ClassScatter', () => {
  test.each([
    ['of any size', 0],
    ['far from the origin', 1e4],
  ])('features %s: exact to 1e-9 of their deviations', async (_, offset) => {
    const { data, labels } = wide(700, offset);
    const wanted = naive(data, labels, 64);
    for (const [perClass, blockSize] of [
      [false, 4096],
      [true, 4096],
      [false, 100],
    ] as const) {
      const store = new ClassScatter({ perClass, blockSize });
      await store.add({ data: data.subarray(0, 300 * 64), shape: [300, 64] }, labels.slice(0, 300));
      const tensor = tf.tensor2d(data.subarray(300 * 64), [400, 64]);
      await store.add(tensor, labels.slice(300));
      tensor.dispose();
      const within = store.within();
      const total = store.total();
      expect(within.count).toBe(700);
      if (perClass && offset > 0) expectClose(total.fourth!, wanted.total.fourth, { relative: 1e-9 });
      for (let i = 0; i < 64; i++) {
        for (let j = 0; j < 64; j++) {
          const at = i * 64 + j;
          const size = Math.sqrt(wanted.within.scatter[i * 65]! * wanted.within.scatter[j * 65]!);
          expectClose(within.data[at]! / size, wanted.within.scatter[at]! / size, { absolute: 1e-9 });
          expectClose(total.data[at]! / size, wanted.total.scatter[at]! / size, { absolute: 1e-8 });
        }
      }
    }
  });

  test('blocks added at the same time do not disturb each other', async () => {
    const { data, labels } = wide(300, 1);
    const part = (from: number, to: number): Block => [
      { data: data.subarray(from * 64, to * 64), shape: [to - from, 64] },
      labels.slice(from, to),
    ];
    const [one, other] = [new ClassScatter(), new ClassScatter()];
    await Promise.all([one.add(...part(0, 100)), one.add(...part(100, 200)), one.add(...part(200, 300))]);
    for (const from of [0, 100, 200]) await other.add(...part(from, from + 100));
    expect([...one.counts]).toEqual([...other.counts]);
    expectClose(one.within().data, other.within().data, { relative: 1e-10, absolute: 1e-8 });
  });

  test('a block that fails leaves the store as it was', async () => {
    const { data, labels } = wide(100, 1);
    const whole: Block = [{ data, shape: [100, 64] }, labels];
    for (const perClass of [false, true]) {
      const store = new ClassScatter({ perClass });
      await store.add(...whole);
      const before = encodeSafetensors(store.state(), {});
      const broken = data.slice();
      broken[65] = Infinity;
      await expect(store.add({ data: broken, shape: [100, 64] }, labels)).rejects.toThrow(
        'Infinity at row 1, column 1',
      );
      await expect(store.add({ data, shape: [100, 64] }, labels.slice(1))).rejects.toThrow('100 labels, got 99');
      await expect(
        store.add(
          { data, shape: [100, 64] },
          labels.map((label, row) => (row === 7 ? -1 : label)),
        ),
      ).rejects.toThrow('-1 at index 7');
      await expect(
        store.add(
          { data, shape: [100, 64] },
          labels.map((label, row) => (row === 7 ? 0.5 : label)),
        ),
      ).rejects.toThrow('0.5 at index 7');
      await expect(store.add({ data, shape: [200, 32] }, [...labels, ...labels])).rejects.toThrow(
        '[N, 64], got [N, 32]',
      );
      expect(encodeSafetensors(store.state(), {})).toEqual(before);
    }
  });
});

describe.each(['plain', 'far'] as const)('covariances as by scikit-learn, %s', (name) => {
  const { settings, ...expected } = fixture[name];
  const { train, labels } = gaussianRows(settings as Settings);
  test.each(['oas', 'ledoit-wolf', 'empirical'] as const)('%s', async (estimator: CovarianceEstimator) => {
    const store = new ClassScatter({ perClass: true });
    await store.add(train, labels);
    const { data, shape, shrinkage } = estimateCovariance(store.within(), estimator);
    const wanted = expected[estimator];
    expect(shape).toEqual([6, 6]);
    expectClose(shrinkage, wanted.shrinkage, { relative: 1e-10, absolute: 0 });
    if ('covariance' in wanted) expectClose(data, wanted.covariance, { relative: 1e-10, absolute: 1e-12 });
  });
});

test('shrinkage at its ends', () => {
  const scatter = (data: number[], count: number, fourth: number): Scatter => {
    const size = Math.sqrt(data.length);
    return { count, data: Float64Array.from(data), shape: [size, size], fourth };
  };
  // A multiple of the identity is what is shrunk towards.
  const round = scatter([8, 0, 0, 8], 4, 100);
  expect(estimateCovariance(round, 'oas')).toMatchObject({ data: Float64Array.of(2, 0, 0, 2), shrinkage: 1 });
  expect(estimateCovariance(round, 'ledoit-wolf')).toMatchObject({ data: Float64Array.of(2, 0, 0, 2), shrinkage: 0 });
  // One feature has nothing to be shrunk towards, no variance is no variance.
  for (const estimator of ['oas', 'ledoit-wolf'] as const) {
    expect(estimateCovariance(scatter([9], 3, 30), estimator)).toMatchObject({
      data: Float64Array.of(3),
      shrinkage: 0,
    });
    expect([...estimateCovariance(scatter([0, 0, 0, 0], 3, 0), estimator).data]).toEqual([0, 0, 0, 0]);
    const { data, shrinkage } = estimateCovariance(scatter([1e-300, 0, 0, 2e-300], 100, 0), estimator);
    expect(data[3]! / data[0]!).toBeGreaterThan(1);
    expect(shrinkage).toBeLessThan(1);
  }
  const { count, data, shape } = round;
  expect(() => estimateCovariance({ count, data, shape }, 'ledoit-wolf')).toThrow(
    "scatter.fourth must be a number for 'ledoit-wolf'",
  );
  expect(() => estimateCovariance(round, 'mle' as 'oas')).toThrow('one of oas, ledoit-wolf, empirical, got mle');
  expect(() => estimateCovariance({ ...round, count: 0 }, 'oas')).toThrow('0 rows');
});

describe.each([false, true])('a store with perClass %s', (perClass) => {
  const made = async () => {
    const store = new ClassScatter({ perClass });
    await store.add({ data: Float32Array.of(0, 0, 2, 4, 5, 5, 6, 5), shape: [4, 2] }, [7, 7, 1, 1]);
    return store;
  };
  test('merged with itself counts twice', async () => {
    const store = await made();
    const once = store.total();
    store.merge(store);
    expect(store.total().count).toBe(8);
    expectClose(
      store.total().data,
      once.data.map((number) => 2 * number),
      { absolute: 1e-12 },
    );
    if (perClass) expectClose(store.total().fourth!, 2 * once.fourth!, { relative: 1e-12 });
  });
  test('merging copies', async () => {
    const [store, other] = [new ClassScatter({ perClass }), await made()];
    store.merge(other);
    const before = encodeSafetensors(other.state(), {});
    await store.add({ data: Float32Array.of(9, 9), shape: [1, 2] }, [7]);
    expect(encodeSafetensors(other.state(), {})).toEqual(before);
  });
  test('goes on from its state', async () => {
    const store = await made();
    const bytes = encodeSafetensors(store.state(), {});
    const again = ClassScatter.from(decodeSafetensors(bytes).tensors);
    expect(again.perClass).toBe(perClass);
    expect(encodeSafetensors(again.state(), {})).toEqual(bytes);
    for (const one of [store, again]) await one.add({ data: Float32Array.of(9, 8), shape: [1, 2] }, [7]);
    expect(again.total()).toEqual(store.total());
    for (const name of ['labels', 'counts', 'means', 'scatter']) {
      expect(() => ClassScatter.from({ ...store.state(), [name]: undefined })).toThrow(`state.${name}`);
    }
    const counts = { dtype: 'F64', shape: [2], data: Float64Array.of(0, 2) } as const;
    expect(() => ClassScatter.from({ ...store.state(), counts })).toThrow(
      'state.counts must be whole numbers from 1, got 0 at index 0',
    );
    const means = { dtype: 'F64', shape: [2, 2], data: Float64Array.of(0, NaN, 1, 1) } as const;
    expect(() => ClassScatter.from({ ...store.state(), means })).toThrow(
      'state.means must be finite numbers, got NaN at index 1',
    );
  });
  test('says what is missing', async () => {
    const empty = new ClassScatter({ perClass });
    for (const ask of ['means', 'mean', 'within', 'total', 'state'] as const) {
      expect(() => empty[ask]()).toThrow('at least one row');
    }
    const store = await made();
    expect(() => store.ofClass(3)).toThrow(perClass ? 'a class that has rows, got 3' : 'perClass: true, got 3');
    expect(() => store.merge(new ClassScatter({ perClass: !perClass }))).toThrow('perClass');
    expect(() => new ClassScatter({ perClass, blockSize: 0.5 })).toThrow('blockSize');
    await expect(
      store.add({ data: new Float32Array(2), shape: [1, 2] }, undefined as unknown as number[]),
    ).rejects.toThrow('labels must be class indices from 0 to 2147483647 (leave OoD rows out), got undefined');
  });
});
