import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { ArgumentError, seededRandom, ShapeError } from 'tfjs-ood';
import { nearestNeighbors, nnGuide, odin, type LogitsOf } from 'tfjs-ood/scorers';
import references from '../fixtures/neighbor-scorers.json';
import { expectClose } from '../expect-close';
import { casesOn, lengthsOn, onEachBackend } from '../on-each-backend';
import { testScorer } from './test-scorer';

testScorer('nearestNeighbors', () => nearestNeighbors({ k: 5 }));
testScorer('nearestNeighbors, Euclidean mean', () => nearestNeighbors({ k: 5, normalize: 'none', use: 'mean' }));
// The suite's strange rows are confident under its head, which both go by: little more than chance is to be had there.
testScorer('nnGuide', () => nnGuide(), { leastAuroc: 0.6 });
testScorer('odin', () => odin(), { leastAuroc: 0.6 });

const rows = (all: readonly (readonly number[])[]) => ({
  data: Float32Array.from(all.flat()),
  shape: [all.length, all[0]!.length] as const,
});
const f32 = (row: readonly number[]) => row.map(Math.fround);
const distance = (a: readonly number[], b: readonly number[]) => Math.hypot(...a.map((value, i) => value - b[i]!));

/** Whether the backend has a kernel that looks products through, so that few numbers are read. */
const findsLargest = () => Boolean(tf.getKernel('NearestColumns', tf.getBackend()) as unknown);

onEachBackend('neighbors', (backend) => {
  test.each(references.neighbors)('equal to scikit-learn: $name', async ({ bank, x, scores }) => {
    for (const { k, normalize, kth, mean } of scores) {
      for (const use of ['kth', 'mean'] as const) {
        const method = nearestNeighbors({ k, normalize: normalize as 'none', use, blockSize: 5 });
        const scorer = await method.fit([{ features: rows(bank) }], {});
        const own = await scorer.score({ features: rows(x) });
        expectClose(own, use === 'kth' ? kth : mean, { relative: 1e-5, absolute: 1e-12 });
        scorer.dispose();
      }
    }
  });

  test('a far row of the bank, and numbers whose squares leave float32, take nothing from the others', async () => {
    const random = seededRandom(3);
    const bank = Array.from({ length: 300 }, () => [random.normal(), random.normal()]);
    const x = Array.from({ length: 20 }, () => [random.normal(), random.normal()]);
    for (const far of [1e8, 1e30]) {
      const all = [...bank, [far, -far]];
      const scorer = await nearestNeighbors({ k: 3, normalize: 'none' }).fit([{ features: rows(all) }], {});
      const naive = x.map((one) => bank.map((other) => distance(f32(one), f32(other))).sort((a, b) => a - b)[2]!);
      expectClose(await scorer.score({ features: rows(x) }), naive, { relative: 1e-5 });
      scorer.dispose();
    }
  });

  test('the k nearest by definition, whatever the sizes and ties', async () => {
    const point = fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 2, maxLength: 2 });
    const points = fc.array(point, lengthsOn(backend, 1, 30));
    const property = fc.asyncProperty(points, points, fc.integer({ min: 1, max: 30 }), async (bank, x, wanted) => {
      const k = Math.min(wanted, bank.length);
      const blocks = bank.map((one) => ({ features: rows([one]) }));
      const scorer = await nearestNeighbors({ k, normalize: 'none', blockSize: 4 }).fit(blocks, {});
      const naive = x.map((one) => bank.map((other) => distance(one, other)).sort((a, b) => a - b)[k - 1]!);
      expectClose(await scorer.score({ features: rows(x) }), naive, { relative: 1e-6 });
      scorer.dispose();
    });
    await fc.assert(property, { numRuns: casesOn(backend, 60), examples: [[[[0, 1]], [[1, -1]], 1]] });
  });

  test('a bank of more rows than a block is on the backend once, from the first query on', async () => {
    const before = tf.memory().numBytes;
    const bank = Array.from({ length: 9000 }, (_, i) => [i, 1]);
    const scorer = await nearestNeighbors({ k: 2, normalize: 'none' }).fit([{ features: rows(bank) }], {});
    expect(tf.memory().numBytes).toBe(before);
    expectClose(
      await scorer.score({
        features: rows([
          [8999.25, 1],
          [4000, 1],
        ]),
      }),
      [1.25, 1],
    );
    expect(tf.memory().numBytes - before).toBe(9000 * 3 * 4);
    scorer.dispose();
  });

  test('a bounded bank is a sample by its seed', async () => {
    const blocks = [{ features: rows(Array.from({ length: 500 }, (_, i) => [i, 0])) }];
    const states = await Promise.all(
      [1, 1, 2].map(async (seed) => {
        const scorer = await nearestNeighbors({ k: 3, bankSize: 20, seed, normalize: 'none' }).fit(blocks, {});
        scorer.dispose();
        return scorer.state().tensors.bank!;
      }),
    );
    expect(states[0]!.shape).toEqual([20, 2]);
    expect(states[0]).toEqual(states[1]);
    expect(states[0]).not.toEqual(states[2]);
  });

  test('zero rows, and what is refused', async () => {
    const blocks = [
      {
        features: rows([
          [3, 0],
          [0, 0],
          [0, 4],
        ]),
      },
    ];
    const scorer = await nearestNeighbors({ k: 1 }).fit(blocks, {});
    expectClose(
      await scorer.score({
        features: rows([
          [0, 0],
          [-1, 0],
          [1e-30, 0],
          [1e30, 0],
        ]),
      }),
      [0, 1, 0, 0],
    );
    scorer.dispose();
    await expect(nearestNeighbors({ k: 4 }).fit(blocks, {})).rejects.toThrow(
      'blocks must be at least k = 4 rows, got 3 rows',
    );
    expect(() => nearestNeighbors({ k: 9, bankSize: 8 })).toThrow('bankSize must be a whole number from k = 9, got 8');
    await expect(nearestNeighbors({ k: 1 }).fit([...blocks, { features: rows([[1, NaN]]) }], {})).rejects.toThrow(
      'NaN at row 0',
    );
    await expect(nearestNeighbors({ k: 4 }).fit(blocks, {})).rejects.toThrow(ArgumentError);
    expect(() => nearestNeighbors({ k: 0 })).toThrow('nearestNeighbors: k must be a whole number from 1, got 0');
    expect(() => nearestNeighbors({ use: 'min' as 'mean' })).toThrow('use must be one of kth, mean, got min');
  });

  test('the memory of scoring is bounded by the block; an error leaves nothing behind', async () => {
    const random = seededRandom(1);
    const many = (count: number) => ({
      data: Float32Array.from({ length: count * 8 }, random.normal),
      shape: [count, 8] as const,
    });
    const scorer = await nearestNeighbors({ k: 3, blockSize: 16 }).fit([{ features: many(3000) }], {});
    await scorer.score({ features: many(1) });
    const [fitted, backend] = [tf.memory(), tf.backend()];
    let most = 0;
    const read = vi.spyOn(backend, 'read').mockImplementation(function (this: typeof backend, id: object) {
      most = Math.max(most, tf.memory().numBytes);
      read.mockRestore();
      const values = backend.read(id);
      vi.spyOn(backend, 'read').mockImplementation(() => Promise.reject(new Error('lost')));
      return values;
    });
    try {
      await expect(scorer.score({ features: many(500) })).rejects.toThrow('lost');
    } finally {
      vi.restoreAllMocks();
    }
    expect(tf.memory().numTensors).toBe(fitted.numTensors);
    // Where a kernel of the backend finds the largest, the bank is one block; beside its products: k and 8 more, each
    // with its place, and two checks, joined
    const width = findsLargest() ? 3000 + 2 * (3 + 8) + 4 : 1024;
    expect(most - fitted.numBytes).toBeLessThanOrEqual(16 * (width + 9) * 4);
    await scorer.score({ features: many(500) });
    scorer.dispose();
  });

  test('rows that nothing ties are settled by one product with each block of the bank', async () => {
    const random = seededRandom(4);
    const many = (count: number) => ({
      data: Float32Array.from({ length: count * 8 }, random.normal),
      shape: [count, 8] as const,
    });
    for (const normalize of ['length', 'none'] as const) {
      const scorer = await nearestNeighbors({ k: 5, normalize }).fit([{ features: many(3000) }], {});
      const x = { features: many(200) };
      const reads = vi.spyOn(tf.backend(), 'read');
      await scorer.score(x);
      // Where a kernel of the backend finds the largest: these, and what the products are checked by
      expect(reads).toHaveBeenCalledTimes(findsLargest() ? 2 : 3);
      vi.restoreAllMocks();
      scorer.dispose();
    }
  });

  test('nnGuide: logits of 1e4, a zero row, one bank row', async () => {
    const scorer = await nnGuide({ k: 1 }).fit([{ features: rows([[2, 0]]), logits: rows([[1e4, -1e4]]) }], {});
    const batch = { features: rows([[3, 4], [0, 0], [-1, 0]]), logits: rows([[1e4, 0], [5, 5], [0, Math.log(3)]]) }; // prettier-ignore
    expectClose(await scorer.score(batch), [-0.6e8, 0, 1e4 * Math.log(4)], { relative: 1e-6 });
    scorer.dispose();
  });

  test('nnGuide: equal to NumPy', async () => {
    for (const { k, bank, bankLogits, x, logits, scores } of references.nnGuide) {
      const scorer = await nnGuide({ k }).fit([{ features: rows(bank), logits: rows(bankLogits) }], {});
      expectClose(await scorer.score({ features: rows(x), logits: rows(logits) }), scores, {
        relative: 1e-5,
        absolute: 1e-5,
      });
      await expect(scorer.score({ features: rows(x), logits: rows(logits.slice(1)) })).rejects.toThrow(
        '9 rows, as the features',
      );
      scorer.dispose();
    }
  });

  test('ODIN: equal to torch', async () => {
    const { w1, b1, w2, b2, images } = references.network;
    const logitsOf: LogitsOf = (x) =>
      tf.add(
        tf.matMul(tf.tanh(tf.add(tf.matMul(tf.reshape(x, [x.shape[0], 12]), tf.tensor2d(w1)), b1)), tf.tensor2d(w2)),
        b2,
      );
    const batch = tf.tensor4d(images, [8, 2, 3, 2]);
    for (const { temperature, epsilon, scores } of references.odin) {
      const scorer = await odin({ temperature, epsilon, blockSize: 3 }).fit([], { logitsOf });
      expectClose(await scorer.score({ images: batch }), scores, { relative: 1e-5, absolute: 1e-6 });
      scorer.dispose();
    }
    batch.dispose();
  });

  test('ODIN: scores of equal order stay apart at a high temperature', async () => {
    const logits = Array.from({ length: 50 }, (_, i) => [1 + i * 1e-5, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    const logitsOf: LogitsOf = (x) => tf.reshape(x, [x.shape[0], -1]);
    const images = tf.tensor4d(logits.flat(), [50, 1, 1, 10]);
    const one = tf.tensor4d([3, 4], [2, 1, 1, 1]);
    const scorer = await odin({ epsilon: 0 }).fit([], { logitsOf });
    const scores = await scorer.score({ images });
    expect(new Set(scores).size).toBe(50);
    expectClose(scores, logits.map(([x]) => -Math.fround(x!) / 1000), { relative: 1e-6, absolute: 0 }); // prettier-ignore
    const sure = await odin({ epsilon: 0, temperature: 1 }).fit([], { logitsOf });
    const far = tf.tensor4d([1e4, 0, -5, 0, 2e4, 0], [2, 1, 1, 3]);
    expectClose(await sure.score({ images: far }), [-1e4 + Math.log((1 + Math.exp(-5)) / 2), -2e4], {
      relative: 1e-7,
    });
    expect([...(await scorer.score({ images: one }))]).toEqual([0, 0]); // one class: nothing to be unsure of
    tf.dispose([images, one, far]);
    scorer.dispose();
    sure.dispose();
  });

  test('ODIN: what is refused', async () => {
    await expect(odin().fit([], {} as never)).rejects.toThrow('odin: logitsOf must be a differentiable function');
    expect(() => odin({ epsilon: -1 })).toThrow('epsilon must be a number from 0, got -1');
    const scorer = await odin().fit([], { logitsOf: (x) => tf.reshape(tf.mul(x, NaN), [x.shape[0], -1]) });
    const flat = tf.zeros([2, 3]);
    const images = tf.zeros<tf.Rank.R4>([2, 1, 1, 2]);
    await expect(scorer.score({ images: flat as never })).rejects.toThrow(ShapeError);
    await expect(scorer.score({ images })).rejects.toThrow('NaN at row 0');
    tf.dispose([flat, images]);
    scorer.dispose();
    expect(() => odin().restore(scorer.state(), {})).toThrow('odin.restore: logitsOf');
  });
});
