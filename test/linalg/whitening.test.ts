import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { float64Kernel } from '../../src/linalg/kernels/float64-kernel';
import { factorOf, inverseOf, whiten, whiteningFrom } from '../../src/linalg/whitening';
import { expectClose } from '../expect-close';

/** A covariance of features of very different sizes that hang together. */
function covariance(size: number, seed: number): { data: Float64Array; shape: readonly [number, number] } {
  const random = seededRandom(seed);
  const count = 2 * size + 3;
  const rows = Float64Array.from({ length: count * size }, (_, at) => random.normal() * 10 ** ((at % size) % 5));
  for (let at = 0; at < rows.length; at++) if (at % size > 0) rows[at]! += rows[at - 1]! / 2;
  const data = new Float64Array(size * size);
  for (let row = 0; row < rows.length; row += size) {
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) data[i * size + j]! += (rows[row + i]! * rows[row + j]!) / count;
    }
  }
  return { data, shape: [size, size] };
}

/** Puts NaN into the kernel's memory. */
function soil(): void {
  const kernel = float64Kernel()!;
  const [at] = kernel.areas(1 << 20);
  kernel.float64(at, 1 << 17).fill(NaN);
}

// Below 16 by plain loops; panels of 4 rows, blocks of 64.
const pause = () => Promise.resolve();
const sizes = [1, 2, 3, 4, 15, 16, 17, 18, 19, 20, 63, 64, 65, 66, 127, 128, 129, 150, 197];

test.each(sizes)('%d features: L L^T is the covariance, L^-1 its inverse', async (size) => {
  const { data, shape } = covariance(size, size);
  soil();
  const factor = await factorOf('f', { data, shape }, 'covariance', pause);
  const whitening = whiteningFrom(factor, size);
  const inverse = inverseOf(whitening);
  let logDeterminant = 0;
  for (let i = 0; i < size; i++) {
    logDeterminant += 2 * Math.log(factor[i * size + i]!);
    for (let j = 0; j < size; j++) {
      let [product, unit] = [0, 0];
      for (let k = 0; k < size; k++) {
        product += factor[i * size + k]! * factor[j * size + k]!;
        unit += factor[i * size + k]! * inverse[k * size + j]!;
      }
      const scale = Math.sqrt(data[i * size + i]! * data[j * size + j]!);
      expect(Math.abs(product - data[i * size + j]!) / scale).toBeLessThan(1e-14);
      expectClose((unit * Math.sqrt(data[j * size + j]!)) / Math.sqrt(data[i * size + i]!), i === j ? 1 : 0, {
        absolute: 1e-11,
      });
      if (j > i) expect([factor[i * size + j], inverse[i * size + j]]).toEqual([0, 0]);
    }
  }
  expectClose(whitening.logDeterminant, logDeterminant, { relative: 1e-12, absolute: 1e-12 });
});

test('one row and many are whitened alike', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...sizes),
      fc.integer({ min: 1, max: 140 }),
      fc.nat(1000),
      async (size, count, seed) => {
        soil();
        const whitening = whiteningFrom(await factorOf('f', covariance(size, seed), 'covariance', pause), size);
        const random = seededRandom(seed);
        const rows = Float64Array.from({ length: count * size }, () => random.normal());
        const together = whiten(whitening, rows.slice());
        for (const row of [0, count - 1]) {
          const alone = whiten(whitening, rows.slice(row * size, (row + 1) * size));
          expectClose(together.slice(row * size, (row + 1) * size), alone, { relative: 1e-10, absolute: 1e-10 });
          // L y = x
          for (let i = 0; i < size; i++) {
            let sum = 0;
            for (let j = 0; j <= i; j++) sum += whitening.factor[i * size + j]! * alone[j]!;
            expectClose(sum, rows[row * size + i]!, { absolute: 1e-9 });
          }
        }
      },
    ),
    { numRuns: 30 },
  );
});

test.each([5, 16, 60, 64, 90, 150])('feature %d of 160, a sum of two before it, is named', async (feature) => {
  const size = 160;
  const { data } = covariance(size, 3);
  for (let i = 0; i < size; i++) data[feature * size + i] = data[i]! + 1e-3 * data[3 * size + i]!;
  for (let i = 0; i < size; i++) data[i * size + feature] = data[i * size]! + 1e-3 * data[i * size + 3]!;
  data[feature * size + feature] = data[0]! + 2e-3 * data[3]! + 1e-6 * data[3 * size + 3]!;
  await expect(factorOf('f', { data, shape: [size, size] }, 'covariance', pause)).rejects.toThrow(
    `feature ${feature} that is`,
  );
});
