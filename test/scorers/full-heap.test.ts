import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import '@tensorflow/tfjs-backend-wasm'; // and not tfjs-ood/wasm: the scorers must be right without it
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { embeddingMemory, seededRandom } from 'tfjs-ood';
import { nearestClassMean, nearestNeighbors } from 'tfjs-ood/scorers';
import { rowProducts } from '../../src/linalg/row-products';
import { expectClose } from '../expect-close';

// Products with the large matrix go through the backend, which they do where the package's own float64 ones cannot run.
vi.mock('../../src/linalg/backend-choice', async (load) => {
  const own = await load<typeof import('../../src/linalg/backend-choice')>();
  return { ...own, worthBackend: (size: number) => size === 1024 || own.worthBackend(size) };
});

interface Heap {
  _malloc(bytes: number): number;
  _free(offset: number): void;
}
const MIB = 2 ** 20;
let heap: Heap;
let before: number;
beforeAll(async () => {
  if (!(await tf.setBackend('wasm'))) throw new Error('wasm did not start');
  heap = (tf.backend() as unknown as { wasm: Heap }).wasm;
  tf.zeros([1]).dispose(); // the module puts its own malloc in place at the first call
});
beforeEach(() => {
  before = tf.memory().numTensors;
  vi.spyOn(console, 'warn');
  vi.spyOn(console, 'error');
});
afterEach(() => {
  expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
  vi.restoreAllMocks();
});

/**
 * Runs `work` while the heap of 4 GiB has one gap of so many MiB, and little beside. Memory that nobody touches costs
 * nothing.
 */
async function withRoom<T>(mebibytes: number, work: () => Promise<T>): Promise<T> {
  const malloc = (bytes: number): number => {
    try {
      return heap._malloc(bytes);
    } catch {
      return 0; // guarded already
    }
  };
  const gap = malloc(mebibytes * MIB);
  const taken: number[] = [];
  for (let size = 512 * MIB; size >= MIB; size /= 2) {
    for (let offset = malloc(size); offset !== 0; offset = malloc(size)) taken.push(offset);
  }
  heap._free(gap);
  try {
    return await work();
  } finally {
    taken.forEach((offset) => heap._free(offset));
  }
}

const random = seededRandom(4);
const rowsOf = (count: number, size: number) => ({
  data: Float32Array.from({ length: count * size }, random.normal),
  shape: [count, size] as [number, number],
});
const NO_ROOM = /the wasm heap \(4 GiB at most\) has no room for \d+ more bytes/;

/** With any room the right numbers, or an error that says how many bytes were missing; both must occur. */
async function rightOrRefused(sizes: readonly number[], compute: () => Promise<ArrayLike<number>>): Promise<void> {
  const right = await compute();
  const came = { right: 0, refused: 0 };
  for (const size of sizes) {
    const outcome = await withRoom(size, () => compute().catch((error: Error) => error));
    if (outcome instanceof Error) {
      expect(outcome.message, `${size} MiB`).toMatch(NO_ROOM);
      came.refused++;
    } else {
      expectClose(outcome, right, { relative: 1e-6, absolute: 1e-6 });
      came.right++;
    }
  }
  expect(Math.min(came.right, came.refused), JSON.stringify(came)).toBeGreaterThan(0);
}

// The largest block of room that is left decides: the bank (4 MiB), what XNNPACK packs of it, and products.
test('a bank that does not fit twice', async () => {
  const features = rowsOf(2048, 512);
  const queries = rowsOf(64, 512);
  await rightOrRefused([2, 4, 5, 6, 7, 8, 9, 10, 12], async () => {
    const scorer = await nearestNeighbors({ k: 3, normalize: 'none' }).fit([{ features }], {});
    try {
      return await scorer.score({ features: queries });
    } finally {
      scorer.dispose();
    }
  });
});

test('class means of many classes', async () => {
  const means = rowsOf(1000, 512);
  const source = {
    labels: Int32Array.from({ length: 1000 }, (_, c) => c),
    data: Float64Array.from(means.data),
    shape: means.shape,
  };
  const queries = rowsOf(64, 512);
  await rightOrRefused([1, 2, 3, 4, 5, 6, 8], async () => {
    const scorer = nearestClassMean().of(source);
    try {
      return await scorer.score({ features: queries });
    } finally {
      scorer.dispose();
    }
  });
});

test('a large matrix, as of a head', async () => {
  const matrix = rowsOf(1024, 2048).data;
  const rows = rowsOf(64, 1024).data;
  await rightOrRefused([3, 8, 9, 10, 12, 14, 16, 17, 18, 20, 24], async () => {
    const products = rowProducts('a head', matrix, [1024, 2048], 512);
    try {
      return await products.of(rows);
    } finally {
      products.dispose();
    }
  });
});

test('a memory of embeddings, which holds what it held', async () => {
  const held = rowsOf(4000, 512);
  const labels = Array.from({ length: 4000 }, (_, i) => i % 7);
  const batch = rowsOf(4, 512);
  const memory = embeddingMemory({ capacity: 10_000 });
  await rightOrRefused([3, 12, 20, 26, 30, 36, 44, 60, 80], async () => {
    memory.reset();
    const gradient = tf.tidy(() => {
      memory.add(labels, tf.tensor2d(held.data, held.shape));
      const distances = (x: tf.Tensor) => {
        const none = { squares: tf.zeros<tf.Rank.R2>([4, 0]), columnLabels: tf.zeros<tf.Rank.R2>([1, 0]) };
        return tf.sum(memory.extend(none, x as tf.Tensor2D).squares);
      };
      return tf.grad(distances)(tf.tensor2d(batch.data, batch.shape));
    });
    const values = await gradient.data<'float32'>();
    gradient.dispose();
    return values;
  });
  memory.reset();
  before = tf.memory().numTensors; // of a gradient that throws tfjs itself keeps what was saved for it
  const first = tf.tensor2d(batch.data, batch.shape);
  memory.add([0, 1, 2, 3], first);
  await withRoom(3, () => {
    expect(() => tf.tidy(() => memory.add(labels, tf.tensor2d(held.data, held.shape)))).toThrow(NO_ROOM);
    return Promise.resolve();
  });
  expect(memory.size).toBe(4);
  expectClose(await memory.embeddings!.data(), batch.data);
  memory.dispose();
  first.dispose();
});

test('more bytes than there are addresses', () => {
  expect(() => tf.tidy(() => embeddingMemory({ capacity: 1 }).add([0], tf.zeros([1, 2 ** 30 + 8])))).toThrow(NO_ROOM);
});
