import { pseudoInverse, Matrix } from 'ml-matrix';
import { expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { leastNorm } from '../../src/linalg/least-norm';
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
