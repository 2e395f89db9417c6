import * as tf from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { nearestClassMean, nearestNeighbors, nnGuide } from 'tfjs-ood/scorers';
import { neighborSearch } from '../../src/scorers/neighbors/neighbor-search';
import { rowProducts } from '../../src/linalg/row-products';
import { onEachBackend } from '../on-each-backend';

// Products with a matrix of so many rows go through the backend, as on a GPU.
vi.mock('../../src/linalg/backend-choice', async (load) => {
  const own = await load<typeof import('../../src/linalg/backend-choice')>();
  return { ...own, worthBackend: (size: number) => size === 300 || own.worthBackend(size) };
});

const random = seededRandom(16);
const rowsOf = (count: number, size: number) => ({
  data: Float32Array.from({ length: count * size }, random.normal),
  shape: [count, size] as const,
});

/** The backend's product as one that failed leaves it: `fails` says of which call, `leaves` what is there. */
async function withFailing(fails: (call: number) => boolean, leaves: 'zeros' | 'old', work: () => Promise<unknown>) {
  const stock = tf.getKernel(tf.BatchMatMul, tf.getBackend());
  let calls = 0;
  let last: Float32Array | undefined;
  tf.unregisterKernel(tf.BatchMatMul, tf.getBackend());
  tf.registerKernel({
    ...stock,
    kernelFunc: (call) => {
      const made = stock.kernelFunc(call) as tf.TensorInfo;
      const backend = call.backend as tf.KernelBackend;
      const own = backend.readSync(made.dataId) as Float32Array;
      if (!fails(calls++)) {
        last = own.slice();
        return made;
      }
      const values = new Float32Array(own.length);
      if (leaves === 'old') values.set((last ?? own.map(() => 7)).subarray(0, own.length));
      backend.disposeData(made.dataId);
      return { dataId: backend.write(values, made.shape, 'float32'), shape: made.shape, dtype: 'float32' };
    },
  });
  try {
    await work();
  } finally {
    tf.unregisterKernel(tf.BatchMatMul, tf.getBackend());
    tf.registerKernel(stock);
  }
  return calls;
}

// Not in a browser (vitest.browser.config.ts): a backend that reads at once is wanted to put another product in its
// place.
onEachBackend('a product that was not made', (backend) => {
  test.each(['zeros', 'old'] as const)('is an error of the scorer that wanted it: %s', async (leaves) => {
    const features = rowsOf(2500, 24);
    const logits = rowsOf(2500, 4);
    const batch = { features: rowsOf(70, 24), logits: rowsOf(70, 4) };
    const means = {
      labels: Int32Array.from({ length: 300 }, (_, c) => c),
      data: Float64Array.from(rowsOf(300, 24).data),
      shape: [300, 24] as [number, number],
    };
    const knn = await nearestNeighbors({ k: 5 }).fit([{ features }], {});
    const far = await nearestNeighbors({ k: 5, normalize: 'none' }).fit([{ features }], {});
    const guide = await nnGuide({ k: 5 }).fit([{ features, logits }], {});
    const mean = nearestClassMean().of(means);
    const wide = rowProducts('a matrix', rowsOf(300, 300).data, [300, 300], 64);
    const wideRows = rowsOf(70, 300).data;
    try {
      for (const [name, score] of [
        ['nearestNeighbors', () => knn.score(batch)],
        ['nearestNeighbors', () => far.score(batch)],
        ['nnGuide', () => guide.score(batch)],
        ['nearestClassMean', () => mean.score(batch)],
        ['a matrix', () => wide.of(wideRows)],
      ] as const) {
        const all = await withFailing(() => false, leaves, score);
        expect(all, name).toBeGreaterThan(0);
        for (let bad = 0; bad < all; bad++) {
          const failing = withFailing((call) => call === bad, leaves, score);
          await expect(failing, `${name}, product ${bad} of ${all}`).rejects.toThrow(
            `${name}: the backend '${backend}' failed to make a matrix product`,
          );
        }
        await score();
      }
    } finally {
      for (const one of [knn, far, guide, mean, wide]) one.dispose();
    }
  });
});

onEachBackend('a bank in parts', () => {
  const [count, size] = [3500, 6];
  const bank = rowsOf(count, size).data;
  const halves = Float64Array.from({ length: count }, (_, row) =>
    bank.subarray(row * size, (row + 1) * size).reduce((sum, value) => sum + (value * value) / 2, 0),
  );
  const search = (resident: number) =>
    neighborSearch(
      'a bank',
      (from, rows) => bank.subarray(from * size, (from + rows) * size),
      halves,
      size,
      16,
      resident,
    );
  const block = 1024 * (size + 1) * 4;

  test.each([
    [0, 0],
    [block - 1, 0],
    [block, 1],
    [3 * block - 1, 2],
    [3 * block, 3],
    [4 * block, 4],
    [Infinity, 4],
  ])('of %d bytes keeps %d blocks, and finds the same', async (resident, blocks) => {
    const queries = rowsOf(40, size).data;
    const before = tf.memory().numTensors;
    const own = search(resident);
    expect(tf.memory().numTensors - before, 'before the first query').toBe(0);
    const { places } = await own.best(queries, 3);
    expect(tf.memory().numTensors - before, 'after scoring').toBe(blocks);
    expect(await own.best(queries, 3)).toMatchObject({ places });
    expect(tf.memory().numTensors - before, 'after scoring again').toBe(blocks);
    own.dispose();
    await expect(own.best(queries, 3)).rejects.toThrow('scorer must be one that is in use');
    expect(tf.memory().numTensors - before, 'after the end').toBe(0);
    for (let query = 0; query < 40; query++) {
      const distances = Array.from({ length: count }, (_, row) => {
        let square = 0;
        for (let i = 0; i < size; i++) square += (queries[query * size + i]! - bank[row * size + i]!) ** 2;
        return [square, row] as const;
      });
      const naive = distances.sort(([a], [b]) => a - b).slice(0, 3);
      expect([...places.subarray(query * 3, query * 3 + 3)].sort()).toEqual(naive.map(([, row]) => row).sort());
    }
  });

  test('that is disposed while a search goes through it', async () => {
    const before = tf.memory().numTensors;
    const own = search(Infinity);
    const backend = tf.backend();
    const read = vi.spyOn(backend, 'read').mockImplementation((id: object) => {
      read.mockRestore();
      own.dispose();
      return backend.read(id);
    });
    await expect(own.best(rowsOf(40, size).data, 3)).rejects.toThrow(
      'a bank: scorer must be one that is in use, got one after dispose()',
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});
