import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  ArgumentError,
  contrastiveLoss,
  odmLoss,
  pairwiseSquaredDistances,
  seededRandom,
  ShapeError,
  type ContrastiveOptions,
} from 'tfjs-ood';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';

/** The definition, pair by pair, in float64. */
function naive(labels: number[], x: number[][], options: ContrastiveOptions): number {
  const { margin = 10, power = 1, pairs = 'halves', positiveShare = 0.5 } = options;
  const half = x.length / 2;
  const positives: number[] = [];
  const negatives: number[] = [];
  const visit = (i: number, j: number) => {
    if (labels[i]! < 0 && labels[j]! < 0) return;
    const d = Math.hypot(...x[i]!.map((value, k) => value - x[j]![k]!));
    if (labels[i] === labels[j]) positives.push(d ** power);
    else negatives.push(Math.max(0, margin - d) ** power);
  };
  if (pairs === 'halves') for (let i = 0; i < half; i++) visit(i, half + i);
  else for (let i = 0; i < x.length; i++) for (let j = i + 1; j < x.length; j++) visit(i, j);
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const mean = (values: number[]) => (values.length === 0 ? 0 : sum(values) / values.length);
  if (pairs === 'halves') return 0.5 * mean([...positives, ...negatives]);
  return 0.5 * (positiveShare * mean(positives) + (1 - positiveShare) * mean(negatives));
}

function finiteDifferences(labels: number[], x: number[][], options: ContrastiveOptions): number[] {
  const h = 1e-5;
  return x.flatMap((row, i) =>
    row.map((_, k) => {
      const shifted = (by: number) => x.map((r, j) => (j === i ? r.map((v, m) => (m === k ? v + by : v)) : r));
      return (naive(labels, shifted(h), options) - naive(labels, shifted(-h), options)) / (2 * h);
    }),
  );
}

const draw = (rows: number, columns: number, scale: number, seed: number, offset = 0): number[][] => {
  const random = seededRandom(seed);
  const float = (value: number) => Math.fround(value);
  return Array.from({ length: rows }, () =>
    Array.from({ length: columns }, () => float(offset + scale * random.normal())),
  );
};

const variants: ContrastiveOptions[] = [
  {},
  { power: 2 },
  { margin: 3 },
  { pairs: 'all' },
  { pairs: 'all', power: 2, margin: 4 },
  { pairs: 'all', positiveShare: 0.2 },
];
const labelSets = {
  'some OoD': [0, 1, -1, 2, 0, 1, 0, 0, -1, 1],
  'all OoD': new Array<number>(10).fill(-1),
  'one class': new Array<number>(10).fill(3),
};

onEachBackend('contrastive losses', () => {
  const run = (labels: number[], x: number[][], options: ContrastiveOptions) => {
    const input = tf.tensor2d(x);
    const { value, grad } = tf.valueAndGrad((t: tf.Tensor) => odmLoss(labels, t as tf.Tensor2D, options))(input);
    const result = { loss: value.dataSync()[0]!, gradient: [...grad.dataSync()] };
    tf.dispose([input, value, grad]);
    return result;
  };

  for (const [name, labels] of Object.entries(labelSets)) {
    test.each(variants)(`${name} %j: value and gradient equal the definition`, (options) => {
      const x = draw(10, 3, 3, 5);
      const { loss, gradient } = run(labels, x, options);
      expectClose(loss, naive(labels, x, options), { relative: 1e-5, absolute: 1e-5 });
      expectClose(gradient, finiteDifferences(labels, x, options), { relative: 1e-3, absolute: 1e-4 });
    });
  }

  test.each(variants)('%j: far from the origin', (options) => {
    const labels = labelSets['some OoD'];
    const x = draw(10, 3, 3, 6, 1000);
    const { loss, gradient } = run(labels, x, options);
    expectClose(loss, naive(labels, x, options), { relative: 1e-3 });
    expectClose(gradient, finiteDifferences(labels, x, options), { relative: 1e-2, absolute: 1e-3 });
  });

  test.each(variants)('%j: identical points have a finite gradient, of 0', (options) => {
    const x = Array.from({ length: 6 }, () => [1, 2]);
    for (const labels of [
      [0, 0, 0, 0, 0, 0],
      [0, 1, -1, 1, 0, 0],
    ]) {
      const { loss, gradient } = run(labels, x, options);
      expectClose(loss, naive(labels, x, options), { relative: 1e-6 });
      expectClose(gradient, new Array<number>(12).fill(0), { absolute: 1e-6 });
    }
  });

  test('a negative label is never a positive, nor a pair with another', () => {
    const x = [
      [0, 0],
      [3, 4],
      [0, 0],
      [3, 4],
    ];
    expectClose(run([-1, -1, -1, -1], x, { pairs: 'all' }).loss, 0);
    expectClose(run([-1, -2, -1, -2], x, { pairs: 'all' }).loss, 0);
    expectClose(
      run(
        [0, -1],
        [
          [0, 0],
          [3, 4],
        ],
        {},
      ).loss,
      2.5,
    );
    expectClose(
      run(
        [0, 0],
        [
          [0, 0],
          [3, 4],
        ],
        {},
      ).loss,
      2.5,
    );
    expectClose(
      run(
        [0, 0],
        [
          [0, 0],
          [3, 0],
        ],
        { power: 2 },
      ).loss,
      4.5,
    );
  });

  test('NaN is not hidden', () => {
    for (const options of variants)
      expect(
        run(
          [0, 1],
          [
            [NaN, 0],
            [1, 1],
          ],
          options,
        ).loss,
      ).toBeNaN();
  });

  test('labels as a tensor, also [B, 1] and float, as tfjs hands them to a loss', () => {
    tf.tidy(() => {
      const x = tf.tensor2d(draw(4, 2, 1, 1));
      const expected = odmLoss([0, 1, -1, 1], x).dataSync();
      expect(odmLoss(tf.tensor1d([0, 1, -1, 1], 'int32'), x).dataSync()).toEqual(expected);
      expect(odmLoss(tf.tensor2d([0, 1, -1, 1], [4, 1]), x).dataSync()).toEqual(expected);
    });
  });

  test('pairwise squared distances', () => {
    tf.tidy(() => {
      const x = draw(7, 5, 2, 9, 100);
      const naiveSquares = x.flatMap((a) => x.map((b) => a.reduce((sum, v, k) => sum + (v - b[k]!) ** 2, 0)));
      expectClose(pairwiseSquaredDistances(tf.tensor2d(x)).dataSync(), naiveSquares, {
        relative: 1e-4,
        absolute: 1e-3,
      });
    });
  });
});

describe('bad input', () => {
  let x: tf.Tensor2D;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    x = tf.tensor2d(draw(4, 2, 1, 1));
  });
  test.each<[() => unknown, new (...args: never[]) => Error, string]>([
    [() => contrastiveLoss([0, 1, -1, 0], x), ArgumentError, '-1 at index 2'],
    [
      () => odmLoss([0, 1, 0], x),
      ShapeError,
      'odmLoss: labels must be [4], one for each row of embeddings, got 3 labels',
    ],
    [() => odmLoss([0, 1.5, 0, 0], x), ArgumentError, '1.5 at index 1'],
    [() => odmLoss([0, 1, 0], tf.slice(x, 0, 3)), ShapeError, 'an even number of rows, 2 or more, got 3 rows'],
    [() => odmLoss([0], tf.slice(x, 0, 1), { pairs: 'all' }), ShapeError, '1 rows'],
    [() => odmLoss([0, 1, 0, 0], x, { margin: 0 }), ArgumentError, 'margin must be a positive number, got 0'],
    [() => odmLoss([0, 1, 0, 0], x, { power: 3 as 2 }), ArgumentError, 'power must be 1 or 2, got 3'],
    [() => odmLoss([0, 1, 0, 0], x, { pairs: 'some' as 'all' }), ArgumentError, "pairs must be 'halves' or 'all'"],
    [() => odmLoss([0, 1, 0, 0], x, { positiveShare: 2 }), ArgumentError, 'positiveShare must be in [0, 1], got 2'],
    [
      () => odmLoss([0, 1, 0, 0], tf.reshape(x, [4, 2, 1]) as never),
      ShapeError,
      'embeddings must be [B, D], got [4, 2, 1]',
    ],
  ])('%s', (call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
