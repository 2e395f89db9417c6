import { pseudoInverse, Matrix } from 'ml-matrix';
import { describe, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { leastNorm } from '../../src/linalg/decompositions/least-norm';
import { leastNormByGram } from '../../src/linalg/decompositions/least-norm-by-gram';
import { expectClose } from '../expect-close';

const pause = () => Promise.resolve();

function drawn(count: number, size: number, rank: number) {
  const random = seededRandom(count * 100 + size);
  const [a, b] = [count * rank, rank * size].map((n) => Float64Array.from({ length: n }, () => random.normal()));
  const matrix = new Float64Array(count * size);
  for (let c = 0; c < count; c++) {
    for (let i = 0; i < size; i++) {
      for (let k = 0; k < rank; k++) matrix[c * size + i]! += a![c * rank + k]! * b![k * size + i]!;
    }
  }
  return { matrix, b: Float64Array.from({ length: count }, () => random.normal()) };
}

test.each([
  [1, 1, 1],
  [3, 8, 3],
  [8, 3, 3],
  [10, 10, 10],
  [10, 40, 7],
  [40, 10, 7],
  [12, 12, 1],
  [25, 30, 24],
  [90, 130, 90],
  [130, 90, 90],
  [103, 103, 103],
  [90, 130, 89],
  [130, 90, 40],
])('[%d, %d] of rank %d: as by the pseudo-inverse', async (count, size, rank) => {
  const { matrix, b } = drawn(count, size, rank);
  const x = await leastNorm(matrix.slice(), [count, size], b, pause);
  // Singular values below rounding are cut by hand: the other takes 2^-52 itself for the limit.
  const inverse = pseudoInverse(Matrix.from1DArray(count, size, matrix), 1e-9);
  const wanted = Array.from({ length: size }, (_, i) =>
    b.reduce((sum, value, c) => sum + inverse.get(i, c) * value, 0),
  );
  expectClose(x, wanted, { absolute: 1e-9, relative: 1e-9 });
});

test('zeros: the smallest is zero', async () => {
  expect([...(await leastNorm(new Float64Array(6), [2, 3], Float64Array.of(1, 2), pause))]).toEqual([0, 0, 0]);
});

test('columns of very different sizes keep their digits', async () => {
  const x = await leastNorm(Float64Array.of(1, 0, 0, 0, 1e-9, 0), [2, 3], Float64Array.of(2, 3), pause);
  expectClose(x, [2, 3e9, 0], { relative: 1e-14 });
});

describe('by the smaller Gram matrix', () => {
  /** Reflections of singular values from 1 down to 1 / condition, and the x of least norm that they give. */
  function conditioned(count: number, size: number, condition: number) {
    const side = Math.min(count, size);
    const random = seededRandom(9);
    const [u, v] = [count, size].map((length) => {
      const way = Float64Array.from({ length }, () => random.normal());
      const square = way.reduce((sum, value) => sum + value * value, 0);
      return (i: number, k: number) => (i === k ? 1 : 0) - (2 * way[i]! * way[k]!) / square;
    }) as [(i: number, k: number) => number, (i: number, k: number) => number];
    const values = Float64Array.from({ length: side }, (_, k) => condition ** (-k / (side - 1)));
    const matrix = new Float64Array(count * size);
    for (let at = 0; at < matrix.length; at++) {
      const [c, i] = [Math.floor(at / size), at % size];
      for (let k = 0; k < side; k++) matrix[at]! += u(c, k) * values[k]! * v(i, k);
    }
    const b = Float64Array.from({ length: count }, () => random.normal());
    const x = new Float64Array(size);
    for (let k = 0; k < side; k++) {
      const share = b.reduce((sum, value, c) => sum + u(c, k) * value, 0) / values[k]!;
      for (let i = 0; i < size; i++) x[i]! += share * v(i, k);
    }
    return { matrix, b, x };
  }

  test.each([
    [110, 140, 1e3, true],
    [140, 110, 1e3, true],
    [120, 120, 1e5, true],
    [110, 140, 1e9, false],
    [140, 110, 1e12, false],
  ])('[%d, %d] of condition %d is right, or left to reflections', async (count, size, condition, isMade) => {
    const { matrix, b, x } = conditioned(count, size, condition);
    const own = await leastNormByGram(matrix, [count, size], b, pause);
    expect(own !== undefined).toBe(isMade);
    const length = Math.hypot(...x);
    const close = { absolute: 1e-14 * condition * length, relative: 0 };
    if (own) expectClose(own, x, close);
    expectClose(await leastNorm(matrix, [count, size], b, pause), x, close);
  });

  test('zeros, equal rows, and what is not finite are left to reflections', async () => {
    for (const value of [0, 1, NaN, 1e200]) {
      const matrix = new Float64Array(110 * 120).fill(value);
      expect(await leastNormByGram(matrix, [110, 120], new Float64Array(110).fill(1), pause)).toBeUndefined();
    }
  });

  test('a b of zeros', async () => {
    const { matrix } = conditioned(110, 120, 10);
    const x = await leastNormByGram(matrix, [110, 120], new Float64Array(110), pause);
    expect([...x!]).toEqual(Array(120).fill(0));
  });
});
