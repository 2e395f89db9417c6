import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { float64Kernel } from '../../src/linalg/kernels/float64-kernel';
import { addOuterProductsBy, classSumsBy } from '../../src/linalg/kernels/kernel-scatter';
import { expectClose } from '../expect-close';

const kernel = float64Kernel()!;
const normals = (count: number, seed: number): Float64Array => {
  const random = seededRandom(seed);
  return Float64Array.from({ length: count }, () => random.normal());
};

/** Puts other numbers into the memory, among them NaN. */
function soil(): void {
  const [at] = kernel.areas(1 << 20);
  kernel.float64(at, 1 << 17).fill(NaN);
}

const sizes = fc.integer({ min: 1, max: 23 });
const counts = fc.integer({ min: 1, max: 200 });

test('X^T X is added to the upper triangle, whatever lies in the memory', () => {
  fc.assert(
    fc.property(sizes, counts, fc.nat(1000), (size, count, seed) => {
      soil();
      const rows = normals(count * size, seed);
      const sum = normals(size * size, seed + 1);
      const wanted = sum.slice();
      for (let row = 0; row < rows.length; row += size) {
        for (let i = 0; i < size; i++) {
          for (let j = i; j < size; j++) wanted[i * size + j]! += rows[row + i]! * rows[row + j]!;
        }
      }
      addOuterProductsBy(kernel, sum, rows, size);
      expectClose(sum, wanted, { relative: 1e-12, absolute: 1e-11 });
    }),
  );
});

test('sums of classes about references', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, counts, fc.integer({ min: 1, max: 9 }), fc.nat(1000), async (size, count, most, seed) => {
      soil();
      const data = Float32Array.from(normals(count * size, seed), (value) => value + 100);
      const places = Array.from({ length: count }, (_, row) => (row * row + seed) % most);
      const seen = [...new Set(places)];
      const owners = Int32Array.from(places, (place) => seen.indexOf(place));
      const references = normals(seen.length * size, seed + 2).map((value) => value + 100);
      const wantedSums = new Float64Array(seen.length * size);
      const scatter = new Float64Array(size * size);
      for (let row = 0; row < count; row++) {
        const c = owners[row]!;
        const z = Array.from({ length: size }, (_, i) => data[row * size + i]! - references[c * size + i]!);
        z.forEach((value, i) => (wantedSums[c * size + i]! += value));
        for (let i = 0; i < size; i++) for (let j = i; j < size; j++) scatter[i * size + j]! += z[i]! * z[j]!;
      }
      const sums = await classSumsBy(kernel, data, size, owners, references, () => Promise.resolve());
      expectClose(sums.sums, wantedSums, { absolute: 1e-11 });
      expectClose(sums.scatter, scatter, { relative: 1e-12, absolute: 1e-11 });
    }),
  );
});

test('areas do not meet, and the memory grows', () => {
  const [a, b, c] = kernel.areas(8, 3 * 2 ** 20, 16);
  expect(a % 16 === 0 && b % 16 === 0 && c % 16 === 0).toBe(true);
  expect(b).toBeGreaterThanOrEqual(a + 8);
  expect(c).toBeGreaterThanOrEqual(b + 3 * 2 ** 20);
  kernel.float64(c, 2).fill(1);
  expect([...kernel.float64(c, 2)]).toEqual([1, 1]);
});
