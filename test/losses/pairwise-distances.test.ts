import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { pairwiseDistances, pairwiseSquaredDistances, seededRandom, ShapeError } from 'tfjs-ood';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';

function rowsOf(count: number, size: number, offset = 0): number[][] {
  const random = seededRandom(count, size);
  const value = () => Math.fround(offset + random.normal());
  return Array.from({ length: count }, () => Array.from({ length: size }, value));
}

const naive = (rows: number[][], power: number) =>
  rows.flatMap((a) => rows.map((b) => Math.hypot(...a.map((v, k) => v - b[k]!)) ** power));

async function read(make: (x: tf.Tensor2D) => tf.Tensor, rows: number[][]) {
  const result = tf.tidy(() => make(tf.tensor2d(rows)));
  const data = await result.data();
  const { shape } = result;
  result.dispose();
  return { data, shape };
}

onEachBackend('pairwise distances', () => {
  test.each([
    [1, 3, 0],
    [2, 1, 0],
    [5, 7, 1000],
    [33, 10, -5000],
  ])('%i rows of %i, %i from the origin', async (count, size, offset) => {
    const rows = rowsOf(count, size, offset);
    const squares = await read(pairwiseSquaredDistances, rows);
    expect(squares.shape).toEqual([count, count]);
    expectClose(squares.data, naive(rows, 2), { relative: 1e-5, absolute: 0 });
    const distances = await read(pairwiseDistances, rows);
    expect(distances.shape).toEqual([count, count]);
    expectClose(distances.data, naive(rows, 1), { relative: 1e-5, absolute: 0 });
  });

  test('more rows than one block holds, with a last block that is smaller', async () => {
    const rows = rowsOf(259, 31); // blocks of 130 rows
    expectClose((await read(pairwiseSquaredDistances, rows)).data, naive(rows, 2), { relative: 1e-5, absolute: 0 });
  });

  test('gradient by float64 differences, with uneven weights that need not be symmetric', async () => {
    const rows = rowsOf(5, 3, 100);
    const weights = rowsOf(5, 5);
    for (const [power, make] of [
      [1, pairwiseDistances],
      [2, pairwiseSquaredDistances],
    ] as const) {
      const total = (at: number[][]) => naive(at, power).reduce((sum, d, i) => sum + d * weights.flat()[i]!, 0);
      const expected = rows.flatMap((row, i) =>
        row.map((_, k) => {
          const moved = (delta: number) => rows.map((r, n) => r.map((v, m) => (n === i && m === k ? v + delta : v)));
          return (total(moved(1e-5)) - total(moved(-1e-5))) / 2e-5;
        }),
      );
      const { data } = await read(
        tf.grad((x: tf.Tensor) => tf.sum(tf.mul(make(x as tf.Tensor2D), tf.tensor2d(weights)))),
        rows,
      );
      expectClose(data, expected, { relative: 1e-4, absolute: 1e-4 });
    }
  });

  test('equal rows: distance 0, gradient 0 and finite', async () => {
    const rows = [
      [3, 4],
      [3, 4],
      [3, 4],
    ];
    expect([...(await read(pairwiseDistances, rows)).data]).toEqual(new Array(9).fill(0));
    const { data } = await read(
      tf.grad((x: tf.Tensor) => tf.sum(pairwiseDistances(x as tf.Tensor2D))),
      rows,
    );
    expect([...data].map(Math.abs)).toEqual(new Array(6).fill(0));
  });

  test('NaN shows in its row and column only', async () => {
    const { data } = await read(pairwiseDistances, [[0], [NaN], [2]]);
    expect([...data].map(Number.isNaN)).toEqual([0, 1, 0, 1, 1, 1, 0, 1, 0].map(Boolean));
  });

  test('refuses what is not [B, D]', () => {
    const x = tf.tensor1d([1, 2]) as unknown as tf.Tensor2D;
    expect(() => pairwiseDistances(x)).toThrow(ShapeError);
    expect(() => pairwiseDistances(x)).toThrow(
      /pairwiseDistances: embeddings must be a tensor \[B, D\] of numbers, got \[2\]/,
    );
    expect(() => pairwiseSquaredDistances(x)).toThrow(/pairwiseSquaredDistances: embeddings/);
    x.dispose();
  });
});
