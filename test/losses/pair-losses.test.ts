import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArgumentError, contrastiveLoss, odmLoss, seededRandom, ShapeError, type ContrastiveOptions } from 'tfjs-ood';
import { expectClose } from '../expect-close';
import { lengthsOn, onEachBackend, sizesOn } from '../on-each-backend';
import torch from '../fixtures/losses.json';
import { naiveGradient, naiveLoss, type NaiveOptions } from './naive-loss';

const defaults: NaiveOptions = { margin: 10, power: 1, pairs: 'halves', positiveShare: 0.5 };

async function lossAndGradient(
  labels: number[],
  rows: number[][],
  options: ContrastiveOptions = {},
  loss: typeof odmLoss = odmLoss,
): Promise<{ value: number; gradient: number[] }> {
  const { value, grad } = tf.tidy(() =>
    tf.valueAndGrad((x: tf.Tensor) => loss(labels, x as tf.Tensor2D, options))(tf.tensor2d(rows)),
  );
  const result = { value: (await value.data())[0]!, gradient: [...(await grad.data())] };
  tf.dispose([value, grad]);
  return result;
}

/** Rows that float32 holds exactly. */
function randomRows(count: number, size: number, seed: number, { scale = 3, offset = 0 } = {}): number[][] {
  const random = seededRandom(seed);
  const value = () => Math.fround(offset + Math.round(scale * random.normal() * 1024) / 1024);
  return Array.from({ length: count }, () => Array.from({ length: size }, value));
}

const kinds = (['halves', 'all'] as const).flatMap((pairs) =>
  ([1, 2] as const).map((power) => ({ ...defaults, pairs, power })),
);

onEachBackend('contrastiveLoss and odmLoss', (backend) => {
  test.each(kinds)('$pairs, power $power: loss and gradient of the float64 loop', async (kind) => {
    const given = fc.record({
      margin: fc.double({ min: 0.5, max: 12, noNaN: true }),
      positiveShare: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    const left = fc.array(fc.integer({ min: -2, max: 3 }), lengthsOn(backend, 1, 7));
    const property = fc.asyncProperty(
      left,
      fc.integer(sizesOn(backend, 1, 5)),
      given,
      fc.integer(),
      async (half, size, wanted, seed) => {
        const random = seededRandom(seed);
        const labels = [...half, ...half.map((label, i) => (i % 3 === 0 ? label : random.integer(5) - 1))];
        const rows = randomRows(labels.length, size, seed);
        const options = { ...kind, ...wanted };
        const { value, gradient } = await lossAndGradient(labels, rows, options);
        expectClose(value, naiveLoss(labels, rows, options), { relative: 1e-5, absolute: 1e-5 });
        expectClose(gradient, naiveGradient(labels, rows, options).flat(), { relative: 1e-3, absolute: 2e-4 });
      },
    );
    await fc.assert(property, { numRuns: 25, seed: 5, examples: [[[0], 1, { margin: 2, positiveShare: 0.5 }, 1]] });
  });

  test('loss and gradient of torch', async () => {
    const { labels, embeddings, cases } = torch as {
      labels: number[];
      embeddings: number[][];
      cases: (NaiveOptions & { loss: number; gradient: number[][] })[];
    };
    expect(cases).toHaveLength(8);
    for (const { loss, gradient: expected, ...options } of cases) {
      const { value, gradient } = await lossAndGradient(labels, embeddings, options);
      expectClose(value, loss, { relative: 1e-6, absolute: 0 });
      expectClose(gradient, expected.flat(), { relative: 1e-5, absolute: 1e-6 });
    }
  });

  test.each(kinds)(
    '$pairs, power $power: the gradient is that of finite differences of the definition',
    async (kind) => {
      const [labels, rows, h] = [[0, 1, -1, 2, 0, 1, 0, 0, -1, 1], randomRows(10, 3, 12), 1e-5];
      const { gradient } = await lossAndGradient(labels, rows, kind);
      const expected = rows.flatMap((row, i) =>
        row.map((_, k) => {
          const moved = (by: number) =>
            rows.map((own, j) => (j === i ? own.map((v, m) => (m === k ? v + by : v)) : own));
          return (naiveLoss(labels, moved(h), kind) - naiveLoss(labels, moved(-h), kind)) / (2 * h);
        }),
      );
      expectClose(gradient, expected, { relative: 1e-3, absolute: 1e-4 });
    },
  );

  test('halves by hand: a pair of two OoD rows is not counted', async () => {
    const labels = [2, 0, -1, 2, -1, -2];
    const rows = [
      [0, 0],
      [0, 0],
      [1, 1],
      [3, 4],
      [6, 8],
      [9, 9],
    ]; // distances 5 (same class), 10 (OoD), not formed
    expectClose((await lossAndGradient(labels, rows)).value, 0.5 * (5 / 2));
    expectClose((await lossAndGradient(labels, rows, { margin: 14 })).value, 0.5 * ((5 + 4) / 2));
    expectClose((await lossAndGradient(labels, rows, { margin: 14, power: 2 })).value, 0.5 * ((25 + 16) / 2));
  });

  test('all by hand', async () => {
    const rows = [[0], [3], [7], [8]]; // same class: 0-2, at 7; the others at 3, 8, 4, 5, 1
    const { value } = await lossAndGradient([0, -1, 0, 1], rows, { pairs: 'all', positiveShare: 0.25 });
    expectClose(value, 0.5 * (0.25 * 7 + 0.75 * ((7 + 2 + 6 + 5 + 9) / 5)));
  });

  test('defaults are margin 10, power 1, halves, share 0.5', async () => {
    const [labels, rows] = [[0, 1, 1, 0, 2, 1], randomRows(6, 3, 1)];
    expect(await lossAndGradient(labels, rows)).toEqual(await lossAndGradient(labels, rows, defaults));
    const all = await lossAndGradient(labels, rows, { pairs: 'all' });
    expect(all).toEqual(await lossAndGradient(labels, rows, { ...defaults, pairs: 'all' }));
  });

  test('without OoD rows both losses are the same', async () => {
    const [labels, rows] = [[0, 1, 1, 0, 2, 1], randomRows(6, 3, 2)];
    for (const kind of kinds) {
      const known = await lossAndGradient(labels, rows, kind, contrastiveLoss);
      expect(known).toEqual(await lossAndGradient(labels, rows, kind));
    }
  });

  test.each(kinds)('$pairs, power $power: identical rows have distance 0 and gradient 0', async (kind) => {
    const [labels, rows] = [[0, 1, 0, 2], Array.from({ length: 4 }, () => [7, -3, 1e3])];
    const { value, gradient } = await lossAndGradient(labels, rows, kind);
    expectClose(value, naiveLoss(labels, rows, kind), { relative: 1e-6, absolute: 0 });
    expect(gradient.map(Math.abs)).toEqual(new Array(12).fill(0));
  });

  test('below a distance of 1e-3 the gradient shrinks to 0, the loss stays exact', async () => {
    for (const apart of [1e-12, 1e-6, 1e-4, 1e-3, 1e-2]) {
      const { value, gradient } = await lossAndGradient(
        [0, 0],
        [
          [0, 0],
          [apart, 0],
        ],
      );
      expectClose(value, apart / 2, { relative: 1e-6, absolute: 0 });
      const size = 0.5 * Math.min(1, apart / 1e-3);
      expectClose(gradient, [-size, 0, size, 0], { relative: 1e-5, absolute: 0 });
    }
  });

  test.each(kinds)('$pairs, power $power: one class, or each its own, or all OoD', async (kind) => {
    const rows = randomRows(6, 3, 3);
    for (const labels of [
      [1, 1, 1, 1, 1, 1],
      [0, 1, 2, 3, 4, 5],
    ]) {
      const { value, gradient } = await lossAndGradient(labels, rows, kind);
      expectClose(value, naiveLoss(labels, rows, kind), { relative: 1e-5 });
      expectClose(gradient, naiveGradient(labels, rows, kind).flat(), { relative: 1e-3, absolute: 1e-4 });
    }
    const { value, gradient } = await lossAndGradient([-1, -1, -2, -1, -7, -1], rows, kind);
    expect(value).toBe(0);
    expect(gradient.map(Math.abs)).toEqual(new Array(18).fill(0));
  });

  test.each(kinds)('$pairs, power $power: far from the origin as at the origin', async (kind) => {
    const labels = [0, 1, 1, -1, 0, 1, 2, -1, 0, 0];
    for (const [offset, scale] of [
      [1e3, 3],
      [1e3, 0.05],
      [-4e3, 0.05],
    ] as const) {
      const rows = randomRows(10, 4, 4, { offset, scale });
      const { value, gradient } = await lossAndGradient(labels, rows, kind);
      const centered = rows.map((row) => row.map((v) => v - offset));
      expectClose(value, naiveLoss(labels, centered, kind), { relative: 1e-5 });
      expectClose(gradient, naiveGradient(labels, centered, kind).flat(), { relative: 1e-3, absolute: 1e-3 });
    }
  });

  test('two tight clusters far from each other', async () => {
    const far = randomRows(5, 4, 6, { scale: 0.02, offset: 200 });
    const rows = [...randomRows(5, 4, 5, { scale: 0.02 }), ...far];
    const labels = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1];
    const options = { ...defaults, pairs: 'all' as const };
    const { value, gradient } = await lossAndGradient(labels, rows, options);
    expectClose(value, naiveLoss(labels, rows, options), { relative: 1e-5, absolute: 0 });
    expectClose(gradient, naiveGradient(labels, rows, options).flat(), { relative: 1e-2, absolute: 1e-4 });
  });

  test.each(kinds)('$pairs, power $power: NaN shows, also from a pair that is not formed', async (kind) => {
    for (const bad of [0, 2, 3, 5]) {
      const rows = randomRows(6, 3, 7);
      rows[bad]![1] = NaN;
      expect((await lossAndGradient([0, 1, -1, 0, 2, -1], rows, kind)).value).toBeNaN();
    }
  });

  test.each([2, 3, 5, 6, 7, 9, 50])('a batch of %i rows in all pairs', async (count) => {
    const labels = Array.from({ length: count }, (_, i) => (i % 4) - 1);
    const rows = randomRows(count, 3, count);
    const options = { ...defaults, pairs: 'all' as const, positiveShare: 0.3 };
    const { value, gradient } = await lossAndGradient(labels, rows, options);
    expectClose(value, naiveLoss(labels, rows, options), { relative: 1e-5 });
    expectClose(gradient, naiveGradient(labels, rows, options).flat(), { relative: 1e-3, absolute: 1e-4 });
  });

  test('the order of rows does not matter to all pairs', async () => {
    const [labels, rows] = [[0, 1, 1, -1, 2, 0, 2], randomRows(7, 3, 8)];
    const order = [4, 2, 6, 0, 1, 5, 3];
    const pick = <T>(values: T[]) => order.map((i) => values[i]!);
    const { value, gradient } = await lossAndGradient(labels, rows, { pairs: 'all' });
    const moved = await lossAndGradient(pick(labels), pick(rows), { pairs: 'all' });
    expectClose(moved.value, value, { relative: 1e-6 });
    const expected = order.flatMap((i) => gradient.slice(3 * i, 3 * i + 3));
    expectClose(moved.gradient, expected);
  });

  test('labels as arrays and tensors of any kind, [B] or [B, 1]', async () => {
    const [labels, rows] = [[0, 1, -1, 0, 2, 1], randomRows(6, 3, 9)];
    const x = tf.tensor2d(rows);
    const given = [
      labels,
      Int32Array.from(labels),
      Float32Array.from(labels),
      tf.tensor1d(labels, 'int32'),
      tf.tensor1d(labels, 'float32'),
      tf.tensor2d(labels, [6, 1], 'int32'),
    ];
    for (const kind of given) {
      // A tensor's labels below 0 mean OoD to contrastiveLoss too: it cannot read them without stalling.
      for (const loss of kind instanceof tf.Tensor ? [odmLoss, contrastiveLoss] : [odmLoss]) {
        const value = loss(kind, x);
        expect(value.shape).toEqual([]);
        expectClose(await value.data(), [naiveLoss(labels, rows, defaults)], { relative: 1e-6 });
        value.dispose();
      }
    }
    tf.dispose([x, ...given.filter((kind) => kind instanceof tf.Tensor)]);
  });

  test('an optimizer lowers it', async () => {
    const start = tf.tensor2d([
      [0, 1],
      [1, 0],
      [0, 0],
      [1, 1],
      [0.5, 0.2],
      [0.2, 0.5],
    ]);
    const x: tf.Variable<tf.Rank.R2> = tf.variable(start);
    const optimizer = tf.train.sgd(0.5);
    const loss = () => odmLoss([0, 0, 1, 1, -1, -1], x, { margin: 3, pairs: 'all' });
    const cost = async () => {
      const value = tf.tidy(loss);
      const [number] = await value.data();
      value.dispose();
      return number!;
    };
    const before = await cost();
    for (let i = 0; i < 60; i++) optimizer.minimize(loss);
    expect(await cost()).toBeLessThan(before / 4);
    optimizer.dispose();
    x.dispose();
    start.dispose();
  });

  test('errors name what is wrong, and leave no tensor', () => {
    const three = tf.tensor2d([[1], [2], [3]]);
    const two = tf.tensor2d([[1], [2]]);
    const none = tf.tensor2d([], [0, 3]);
    const row = tf.tensor2d([[0, 1]]);
    const cube = tf.zeros([2, 1, 1]) as unknown as tf.Tensor2D;
    for (const loss of [odmLoss, contrastiveLoss]) {
      const refuses = (call: () => unknown, kind: typeof ArgumentError | typeof ShapeError, message: RegExp) => {
        expect(call).toThrow(kind);
        expect(call).toThrow(message);
        expect(call).toThrow(new RegExp(`^${loss.name}: `));
      };
      refuses(() => loss([0, 1, 1], three), ShapeError, /even number of rows, got 3/);
      expect(() => loss([0, 1, 1], three, { pairs: 'all' }).dispose()).not.toThrow();
      refuses(() => loss([], none), ShapeError, /got 0/);
      refuses(() => loss([], none, { pairs: 'all' }), ShapeError, /rows, from 2, got 0/);
      refuses(() => loss([0], row, { pairs: 'all' }), ShapeError, /rows, from 2, got 1/);
      refuses(() => loss([0], two), ShapeError, /labels must be \[2\].*got \[1\]/);
      refuses(() => loss(row, two), ShapeError, /labels must be \[2\].*got \[1, 2\]/);
      refuses(
        () => loss([0, 1], cube),
        ShapeError,
        /embeddings must be a tensor \[B, D\] of numbers after labels, got \[2, 1, 1\]/,
      );
      refuses(() => loss([0, 0.5], two), ArgumentError, /0.5 at index 1/);
      refuses(() => loss([NaN, 0], two), ArgumentError, /NaN at index 0/);
      for (const margin of [0, -1, NaN, Infinity])
        refuses(() => loss([0, 1], two, { margin }), ArgumentError, /margin/);
      for (const positiveShare of [-0.1, 1.1, NaN]) {
        refuses(() => loss([0, 1], two, { positiveShare }), ArgumentError, /positiveShare must be a share from 0 to 1/);
      }
      refuses(() => loss([0, 1], two, { power: 3 as 1 }), ArgumentError, /power must be one of 1, 2, got 3/);
      refuses(() => loss([0, 1], two, { pairs: 'some' as 'all' }), ArgumentError, /pairs must be/);
    }
    expect(() => contrastiveLoss([0, -1], two)).toThrow(/contrastiveLoss: labels.*-1 at index 1/);
    tf.dispose([three, two, none, row, cube]);
  });
});
