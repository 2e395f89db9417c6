import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { float64Kernel } from '../../src/linalg/kernels/float64-kernel';
import { productsBy } from '../../src/linalg/kernels/kernel-products';
import { residentMatrix } from '../../src/linalg/kernels/resident-matrix';
import { expectClose } from '../expect-close';

test('rows times a matrix, whatever lies in the memory', async () => {
  const side = fc.integer({ min: 1, max: 23 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 150 }), side, side, fc.nat(1000), async (count, size, width, seed) => {
      const kernel = float64Kernel()!;
      const [at] = kernel.areas(1 << 20);
      kernel.float64(at, 1 << 17).fill(NaN);
      const random = seededRandom(seed);
      const rows = Float32Array.from({ length: count * size }, () => random.normal());
      const matrix = Float64Array.from({ length: size * width }, () => random.normal());
      const products = await productsBy(kernel, matrix, [size, width], rows, () => Promise.resolve());
      expect(products.length).toBe(count * width);
      const wanted = Array.from(products, (_, to) => {
        let sum = 0;
        for (let i = 0; i < size; i++)
          sum += rows[Math.floor(to / width) * size + i]! * matrix[i * width + (to % width)]!;
        return sum;
      });
      expectClose(products, wanted, { absolute: 1e-12 });
    }),
  );
});

test('single rows times a matrix that stays, one after the other', () => {
  const side = fc.integer({ min: 1, max: 23 });
  fc.assert(
    fc.property(side, side, fc.nat(1000), (size, width, seed) => {
      const random = seededRandom(seed);
      const matrix = Float64Array.from({ length: size * width }, () => random.normal());
      const times = residentMatrix(matrix, [size, width])!;
      for (let turn = 0; turn < 3; turn++) {
        const row = Float32Array.from({ length: size }, () => random.normal());
        const wanted = new Float64Array(width);
        row.forEach((x, i) => wanted.forEach((_, c) => (wanted[c]! += x * matrix[i * width + c]!)));
        const products = times(row);
        expect(products.length).toBe(width);
        expectClose(products, wanted, { absolute: 1e-12 });
      }
    }),
  );
});
