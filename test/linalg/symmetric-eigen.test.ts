import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { symmetricEigen } from '../../src/linalg/decompositions/symmetric-eigen';
import { expectClose } from '../expect-close';

const pause = () => Promise.resolve();

type Entry = (i: number, j: number, normal: () => number) => number;

function symmetric(size: number, entry: Entry, seed = 1): Float64Array {
  const random = seededRandom(seed);
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) matrix[i * size + j] = matrix[j * size + i] = entry(i, j, () => random.normal());
  }
  return matrix;
}

/** All of them. */
async function eigenOf(matrix: Float64Array, size: number) {
  const { values, vectors } = await symmetricEigen(matrix, size, pause);
  const all = await vectors(0, size);
  return { values, vector: (row: number, at: number) => all[row * size + at]! };
}

/** V V^T = 1 and V diag(values) V^T = A, whatever the order and signs. */
async function expectDecomposed(matrix: Float64Array, size: number): Promise<void> {
  const { values, vector } = await eigenOf(matrix, size);
  const norm = matrix.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const [unit, again, wanted] = [0, 1, 2].map(() => new Float64Array(size * size)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const rows = Array.from({ length: size }, (_, i) => values.map((_, k) => vector(i, k)));
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < size; j++) {
      for (let k = 0; k < size; k++) {
        unit[i * size + j]! += rows[i]![k]! * rows[j]![k]!;
        again[i * size + j]! += rows[i]![k]! * rows[j]![k]! * values[k]!;
      }
      wanted[i * size + j] = i === j ? 1 : 0;
    }
  }
  expectClose(unit, wanted, { absolute: 1e-15 * (8 + size) });
  expectClose(again, matrix, { absolute: 1e-15 * (8 + size) * Math.sqrt(size) * norm, relative: 0 });
}

const low: Entry = (i, j) => [1, 2, 3].reduce((sum, k) => sum + Math.cos(k * i) * Math.cos(k * j), 0);
const kinds: Record<string, Entry> = {
  noise: (_i, _j, normal) => normal(),
  'of rank 3': low,
  'of rank 3, with dead features': (i, j, normal) => (i % 4 === 0 || j % 4 === 0 ? 0 : low(i, j, normal)),
  zero: () => 0,
  'the identity': (i, j) => (i === j ? 1 : 0),
  'a diagonal': (i, j) => (i === j ? i - 5 : 0),
  'tridiagonal already': (i, j) => (i - j > 1 ? 0 : 1),
  'one number for all': () => 7,
  'one number for all, and rounding': (_i, _j, normal) => 7 + 1e-15 * normal(),
  'a few numbers far too small': (_i, j, normal) => normal() * (j < 3 ? 1e-160 : 1),
  'graded over 1e24': (i, j, normal) => 10 ** (-0.4 * (i + j)) * (normal() + (i === j ? 9 : 0)),
  'very large': (_i, _j, normal) => 1e200 * normal(),
  'very small': (_i, _j, normal) => 1e-200 * normal(),
};

describe('eigenvalues and vectors', () => {
  test.each(Object.entries(kinds))('%s', async (_, entry) => {
    for (const size of [1, 2, 3, 8, 17, 64]) await expectDecomposed(symmetric(size, entry), size);
  });
  // Halves of halves, which have no vectors to spare in their last panels, or one to three
  test.each(Object.entries(kinds))('of halves: %s', async (_, entry) => {
    for (const size of [33, 130, 163]) await expectDecomposed(symmetric(size, entry), size);
  });
  test('any matrix of small whole numbers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 13 }), fc.nat(1000), async (size, seed) => {
        await expectDecomposed(
          symmetric(size, (_i, _j, normal) => Math.round(2 * normal()), seed),
          size,
        );
      }),
    );
  });
});

test('known ones: the path of n places has 2 cos(pi k / (n + 1))', async () => {
  const size = 150;
  const { values } = await symmetricEigen(
    symmetric(size, (i, j) => (i - j === 1 ? 1 : 0)),
    size,
    pause,
  );
  const wanted = Array.from({ length: size }, (_, k) => 2 * Math.cos((Math.PI * (size - k)) / (size + 1)));
  expectClose(values.sort(), wanted, { absolute: 1e-13 });
});

test('halves that are coupled by very little, or share their eigenvalues', async () => {
  const size = 96;
  const path = (couplings: (i: number) => number) =>
    symmetric(size, (i, j) => (i === j ? 1 : i - j === 1 ? couplings(j) : 0));
  await expectDecomposed(
    path((i) => (i === 47 ? 1e-14 : 1)),
    size,
  );
  await expectDecomposed(
    path((i) => (i === 47 ? -1e-9 : 1)),
    size,
  );
  await expectDecomposed(
    path((i) => (i === 47 ? 0 : -1)),
    size,
  );
  // Wilkinson's: pairs of values that agree to all digits
  await expectDecomposed(
    symmetric(size, (i, j) => (i === j ? Math.abs(i - 47.5) : i - j === 1 ? 1 : 0)),
    size,
  );
});

test('values that many vectors share, to all digits or nearly so', async () => {
  const size = 100;
  const random = seededRandom(1);
  const ways: Float64Array[] = []; // orthonormal
  while (ways.length < size) {
    const own = Float64Array.from({ length: size }, () => random.normal());
    for (const other of [...ways, ...ways]) {
      const product = own.reduce((sum, value, i) => sum + value * other[i]!, 0);
      other.forEach((value, i) => (own[i]! -= product * value));
    }
    const length = Math.hypot(...own);
    ways.push(own.map((value) => value / length));
  }
  const withValues = (valueOf: (k: number) => number) =>
    symmetric(size, (i, j) => ways.reduce((sum, way, k) => sum + valueOf(k) * way[i]! * way[j]!, 0));
  await expectDecomposed(
    withValues((k) => (k < 50 ? 1 : 2)),
    size,
  );
  await expectDecomposed(
    withValues((k) => (k < 50 ? 0 : 1)),
    size,
  );
  await expectDecomposed(
    withValues((k) => 1 + 1e-15 * k),
    size,
  );
  // Four of Wilkinson's matrices, which hardly touch
  for (const glue of [1e-8, 1e-14, 1e-170]) {
    const entry: Entry = (i, j) => (i === j ? Math.abs((i % 21) - 10) : i - j > 1 ? 0 : i % 21 === 0 ? glue : 1);
    await expectDecomposed(symmetric(84, entry), 84);
  }
});

test('some of the vectors are those of all', async () => {
  for (const size of [20, 75, 150]) {
    const { vectors } = await symmetricEigen(symmetric(size, kinds.noise!), size, pause);
    const all = await vectors(0, size);
    for (const [from, to] of [
      [0, 1],
      [3, size - 2],
      [size - 7, size],
    ] as const) {
      const count = to - from;
      const wanted = Float64Array.from(
        { length: size * count },
        (_, at) => all[Math.floor(at / count) * size + from + (at % count)]!,
      );
      expect(await vectors(from, to)).toEqual(wanted);
    }
  }
});

test('values ascend', async () => {
  for (const entry of Object.values(kinds)) {
    const { values } = await symmetricEigen(symmetric(70, entry), 70, pause);
    expect(values).toEqual(values.slice().sort());
  }
});

test('a large one', async () => {
  const size = 1100; // products of its halves are taken in parts
  const matrix = symmetric(size, (_i, _j, normal) => normal());
  const { values, vector } = await eigenOf(matrix, size);
  for (const k of [0, 100, size - 1]) {
    const own = Array.from({ length: size }, (_, i) => vector(i, k));
    expect(Math.hypot(...own)).toBeCloseTo(1, 12);
    const product = own.map((_, i) => own.reduce((sum, value, j) => sum + matrix[i * size + j]! * value, 0));
    expectClose(
      product,
      own.map((value) => value * values[k]!),
      { absolute: 1e-11 },
    );
  }
});

test('what is not finite ends', async () => {
  const { values } = await symmetricEigen(
    symmetric(20, (i, j) => (i + j === 7 ? NaN : 1)),
    20,
    pause,
  );
  expect(values.some((value) => Number.isNaN(value))).toBe(true);
});

describe('without wasm', () => {
  afterEach(() => vi.unstubAllGlobals());
  test('by ml-matrix: the same', async () => {
    const matrix = symmetric(20, kinds.noise!);
    const own = (await symmetricEigen(matrix, 20, pause)).values.sort();
    vi.stubGlobal('WebAssembly', undefined);
    expectClose((await symmetricEigen(matrix, 20, pause)).values.sort(), own, { absolute: 1e-12 });
    await expectDecomposed(matrix, 20);
  });
});
