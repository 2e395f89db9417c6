import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { fewRows } from '../../src/linalg/decompositions/few-rows';
import { symmetricEigen } from '../../src/linalg/decompositions/symmetric-eigen';
import { expectClose } from '../expect-close';

const pause = () => Promise.resolve();

/** ||B^T z||^2 of rows z = x - o. */
function leftOf(basis: Float64Array, rows: Float32Array, origin: Float64Array): Float64Array {
  const size = origin.length;
  const left = basis.length / size;
  return Float64Array.from({ length: rows.length / size }, (_, row) => {
    let square = 0;
    for (let c = 0; c < left; c++) {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += (rows[row * size + i]! - origin[i]!) * basis[i * left + c]!;
      square += sum * sum;
    }
    return square;
  });
}

function expectOrthonormal(basis: Float64Array, size: number): void {
  const left = basis.length / size;
  const products = new Float64Array(left * left);
  const unit = products.map((_, at) => (Math.floor(at / left) === at % left ? 1 : 0));
  for (let i = 0; i < size; i++) {
    for (let at = 0; at < products.length; at++) {
      products[at]! += basis[i * left + Math.floor(at / left)]! * basis[i * left + (at % left)]!;
    }
  }
  expectClose(products, unit, { absolute: 1e-15 * (8 + size) });
}

const drawn = (count: number, size: number, rank: number, seed: number, offset = 0) => {
  const random = seededRandom(seed);
  const ways = Float64Array.from({ length: rank * size }, () => random.normal());
  const rows = new Float32Array(count * size).fill(offset);
  for (let row = 0; row < count; row++) {
    for (let k = 0; k < rank; k++) {
      const share = random.normal() / (1 + k);
      for (let i = 0; i < size; i++) rows[row * size + i]! += share * ways[k * size + i]!;
    }
  }
  return { rows, origin: Float64Array.from({ length: size }, () => offset + random.normal()) };
};

test.each([
  [1, 3, 1],
  [2, 5, 0],
  [5, 12, 3],
  [7, 33, 7],
  [20, 41, 13],
])('of %d rows of %d features the %d largest directions go: as by all moments', async (count, size, kept) => {
  for (const offset of [0, 300]) {
    const { rows, origin } = drawn(count, size, size, 1 + count, offset);
    const found = await fewRows(rows, origin, pause);
    const moments = new Float64Array(size * size);
    for (let row = 0; row < rows.length; row += size) {
      for (let at = 0; at < moments.length; at++) {
        const [i, j] = [Math.floor(at / size), at % size];
        moments[at]! += ((rows[row + i]! - origin[i]!) * (rows[row + j]! - origin[j]!)) / count;
      }
    }
    const { values, vectors } = await symmetricEigen(moments, size, pause);
    const left = size - kept;
    const wanted = await vectors(0, left);
    const basis = await found.complement(kept);
    expect(basis).toHaveLength(size * left);
    expectOrthonormal(basis, size);
    const trace = values.reduce((sum, value) => sum + value, 0);
    const other = drawn(6, size, size, 99, offset).rows;
    for (const x of [rows, other]) {
      const scale = { absolute: 1e-11 * trace, relative: 1e-9 };
      expectClose(leftOf(basis, x, origin), leftOf(wanted, x, origin), scale);
    }
    expect(found.rank).toBe(count);
    expectClose(found.moment, trace, { relative: 1e-12, absolute: 0 });
    const mean = origin.map((_, i) => rows.reduce((sum, value, at) => sum + (at % size === i ? value / count : 0), 0));
    const variance = rows.reduce((sum, value, at) => sum + (value - mean[at % size]!) ** 2 / count, 0);
    expectClose(found.variance, variance, { relative: 1e-9, absolute: 1e-11 * trace });
  }
});

test('rows of any rank: what all of their directions leave is nothing of them', async () => {
  const property = fc.asyncProperty(fc.nat(1000), fc.integer({ min: 1, max: 9 }), async (seed, rank) => {
    const [count, size] = [12, 30];
    const { rows } = drawn(count, size, rank, seed);
    const origin = new Float64Array(size);
    for (let at = 0; at < rows.length; at++) rows[at] = Math.round(1e3 * rows[at]!);
    const { complement, moment } = await fewRows(rows, origin, pause);
    const basis = await complement(count);
    expectOrthonormal(basis, size);
    // Twelve rows that lie in fewer dimensions, but for the rounding above.
    expectClose(leftOf(basis, rows, origin), new Float64Array(count), { absolute: 1e-6 * moment });
  });
  await fc.assert(property, { numRuns: 20 });
});

test('equal rows have one direction', async () => {
  const rows = Float32Array.from({ length: 5 * 11 }, (_, at) => at % 11);
  const found = await fewRows(rows, new Float64Array(11), pause);
  expect(found.rank).toBe(1);
  expectClose(found.moment, 385);
  expectClose(found.variance, 0, { absolute: 1e-12 });
  expectClose(leftOf(await found.complement(1), rows, new Float64Array(11)), Array(5).fill(0), { absolute: 1e-24 });
});
