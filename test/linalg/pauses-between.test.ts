import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, test } from 'vitest';
import { ClassScatter } from 'tfjs-ood/embeddings';
import { seededRandom } from 'tfjs-ood';
import { withPauses } from '../../src/core/steps';
import { estimatingCovariance } from '../../src/embeddings/covariance';
import { addingNumbers } from '../../src/linalg/add-numbers';
import { withOwnKernel } from '../../src/linalg/kernels/float64-kernel';
import { groupsOf } from '../../src/linalg/kernels/kernel-products';
import { fewRows } from '../../src/linalg/decompositions/few-rows';
import { leastNorm } from '../../src/linalg/decompositions/least-norm';
import { mahalanobisDistances } from '../../src/linalg/mahalanobis-distances';
import { mirror } from '../../src/linalg/mirror';
import { rowProducts } from '../../src/linalg/row-products';
import { secondMoments } from '../../src/linalg/second-moments';
import { symmetricEigen } from '../../src/linalg/decompositions/symmetric-eigen';
import { factorOf, whiteningFrom } from '../../src/linalg/whitening';
import { expectClose } from '../expect-close';

/** So wide that products go through the kernel. */
const SIZE = 132;
const random = seededRandom(4);
const normals = (count: number) => Float64Array.from({ length: count }, () => random.normal());
const rows = Float32Array.from(normals(200 * SIZE));
/** Rows times their transpose, and something on the diagonal. */
const matrix = new Float64Array(SIZE * SIZE);
for (let i = 0; i < SIZE; i++) {
  for (let j = 0; j < SIZE; j++) {
    for (let r = 0; r < 200; r++) matrix[i * SIZE + j]! += (rows[r * SIZE + i]! * rows[r * SIZE + j]!) / 200;
    if (i === j) matrix[i * SIZE + j]! += 0.1;
  }
}

/** Each long piece of work, at least how often it lets others have their turn, and its numbers. */
type Work = (pause: () => Promise<void>) => Promise<ArrayLike<number>>;
const covariance = { data: matrix, shape: [SIZE, SIZE] as const };
const works: Record<string, readonly [least: number, work: Work]> = {
  'a Cholesky factor': [SIZE, (pause) => factorOf('test', covariance, 'matrix', pause)],
  'a covariance': [
    3,
    async (pause) => {
      const scatter = { count: 200, data: matrix, shape: covariance.shape };
      return (await withPauses(estimatingCovariance(scatter, 'oas'), pause)).data;
    },
  ],
  'a scatter': [
    SIZE / 32,
    async (pause) => {
      const store = new ClassScatter();
      await store.add({ data: rows, shape: [200, SIZE] }, new Int32Array(200));
      return (await withPauses(store.withinInSteps(), pause)).data;
    },
  ],
  'the scatter of a class': [
    SIZE / 32 + 2,
    async (pause) => {
      const store = new ClassScatter({ perClass: true });
      await store.add(
        { data: rows, shape: [200, SIZE] },
        Int32Array.from({ length: 200 }, (_, i) => i % 2),
      );
      return (await withPauses(store.ofClassInSteps(1), pause)).data;
    },
  ],
  'the scatter of all classes': [
    SIZE / 32 + 2,
    async (pause) => {
      const store = new ClassScatter({ perClass: true });
      await store.add(
        { data: rows, shape: [200, SIZE] },
        Int32Array.from({ length: 200 }, (_, i) => i % 2),
      );
      return (await withPauses(store.withinInSteps(), pause)).data;
    },
  ],
  eigenvalues: [3 * SIZE, async (pause) => (await symmetricEigen(matrix, SIZE, pause)).values],
  'a least norm': [SIZE, (pause) => leastNorm(matrix.slice(), [SIZE, SIZE], normalsOnce, pause)],
  'a least norm by reflections': [
    SIZE,
    (pause) => {
      const singular = matrix.slice();
      singular.set(singular.subarray(0, SIZE), SIZE);
      return leastNorm(singular, [SIZE, SIZE], normalsOnce, pause);
    },
  ],
  'what few rows leave over': [
    2 * SIZE,
    async (pause) => (await fewRows(rows.subarray(0, 40 * SIZE), normalsOnce, pause)).complement(20),
  ],
  'second moments': [
    4,
    async (pause) => {
      const moments = secondMoments(SIZE, 4096);
      await moments.add(rows, pause);
      return moments.about(new Float64Array(SIZE));
    },
  ],
  'products of rows': [4, (pause) => rowProducts('test', matrix, [SIZE, SIZE], 4096).of(rows, pause)],
  distances: [
    4,
    async (pause) => {
      const factor = await factorOf('test', covariance, 'matrix', () => Promise.resolve());
      return mahalanobisDistances('test', whiteningFrom(factor, SIZE), normalsOnce).of(rows, pause);
    },
  ],
};
const normalsOnce = normals(SIZE);

describe('long work pauses', () => {
  test.each(Object.entries(works))('%s', async (_, [least, work]) => {
    let pauses = 0;
    await work(() => Promise.resolve(void pauses++));
    expect(pauses).toBeGreaterThanOrEqual(least);
  });

  test.each(Object.entries(works))('%s: what others do meanwhile changes no bit', async (_, [, work]) => {
    const alone = await work(() => Promise.resolve());
    let inside = false;
    const together = await work(async () => {
      if (inside) return;
      inside = true;
      const fresh = new ClassScatter();
      await fresh.add({ data: rows, shape: [200, SIZE] }, new Int32Array(200));
      await works['products of rows']![1](() => Promise.resolve());
      inside = false;
    });
    expect(Array.from(together)).toEqual(Array.from(alone));
  });

  test.each(Object.entries(works))('%s: one that ends it leaves the next its kernel', async (_, [, work]) => {
    const reason = new Error('left');
    let pauses = 0;
    const before = await work(() => Promise.resolve());
    await expect(work(() => (++pauses > 2 ? Promise.reject(reason) : Promise.resolve()))).rejects.toBe(reason);
    expect(Array.from(await work(() => Promise.resolve()))).toEqual(Array.from(before));
  });
});

test('two at a time have a kernel each, one after the other share one', async () => {
  const first = await withOwnKernel((kernel) =>
    withOwnKernel((other) => {
      expect(other).not.toBe(kernel);
      return Promise.resolve(kernel);
    }),
  );
  expect(await withOwnKernel((kernel) => Promise.resolve(kernel))).toBe(first);
});

test('fewer rows of a larger matrix go between two pauses', () => {
  expect([1, 132 ** 2, 1280 * 768, 4096 ** 2, 2 ** 40].map(groupsOf)).toEqual([16, 16, 8, 1, 1]);
});

test('an upper triangle is mirrored, whatever the size; numbers are added to the last', () => {
  for (const size of [1, 2, 31, 32, 33, 70]) {
    const own = Float64Array.from({ length: size * size }, (_, at) => at);
    mirror(own, size);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) expect(own[i * size + j]).toBe(Math.min(i, j) * size + Math.max(i, j));
    }
  }
  const [sum, more] = [normals(40_000), normals(40_000)];
  const wanted = sum.map((value, at) => value - more[at]!);
  for (const rest = addingNumbers(sum, more, -1); !rest.next().done;);
  expectClose(sum, wanted, { absolute: 0, relative: 1e-15 });
});
