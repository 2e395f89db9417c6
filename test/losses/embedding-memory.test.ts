import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import {
  ArgumentError,
  contrastiveLoss,
  embeddingMemory,
  hardestOod,
  hardestPairs,
  hardestTriplets,
  odmLoss,
  seededRandom,
  ShapeError,
  tripletLoss,
  type EmbeddingMemory,
} from 'tfjs-ood';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import * as naive from './naive-mining';

/**
 * As pytorch-metric-learning's test of its memory: 10 classes, batches of 32, 321 rows; here one class of eleven is
 * OoD.
 */
const CAPACITY = 321;
const BATCH = 32;
const SIZE = 8;

function batchOf(step: number, { count = BATCH, offset = 0 } = {}) {
  const random = seededRandom(6, step);
  const labels = Array.from({ length: count }, () => random.integer(11) - 1);
  const value = () => Math.fround(offset + random.normal());
  return { labels, rows: Array.from({ length: count }, () => Array.from({ length: SIZE }, value)) };
}

const add = (memory: EmbeddingMemory, { labels, rows }: { labels: number[]; rows: number[][] }) =>
  tf.tidy(() => memory.add(labels, tf.tensor2d(rows)));

async function valueAndGradient(loss: (rows: tf.Tensor2D) => tf.Scalar, rows: number[][]) {
  const { value, grad } = tf.tidy(() => tf.valueAndGrad((x: tf.Tensor) => loss(x as tf.Tensor2D))(tf.tensor2d(rows)));
  const result = { value: (await value.data())[0]!, gradient: [...(await grad.data())] };
  tf.dispose([value, grad]);
  return result;
}

function finiteDifferences(value: (rows: number[][]) => number, rows: number[][]): number[] {
  const moved = (i: number, k: number, by: number) =>
    rows.map((own, j) => own.map((v, m) => (i === j && k === m ? v + by : v)));
  return rows.flatMap((row, i) => row.map((_, k) => (value(moved(i, k, 1e-5)) - value(moved(i, k, -1e-5))) / 2e-5));
}

onEachBackend('embeddingMemory', () => {
  test('holds the last rows in their order, whatever the batches', async () => {
    const memory = embeddingMemory({ capacity: CAPACITY });
    expect([memory.size, memory.labels, memory.embeddings]).toEqual([0, undefined, undefined]);
    let [labels, rows]: [number[], number[][]] = [[], []];
    for (let step = 0; step < 14; step++) {
      const batch = batchOf(step, { count: step === 12 ? 400 : BATCH }); // more than it holds
      add(memory, batch);
      labels = [...labels, ...batch.labels].slice(-CAPACITY);
      rows = [...rows, ...batch.rows].slice(-CAPACITY);
      expect(memory.size).toBe(labels.length);
      expect([...(await memory.labels!.data())]).toEqual(labels);
      expectClose(await memory.embeddings!.data(), rows.flat(), { absolute: 0 });
    }
    memory.reset();
    expect(memory.size).toBe(0);
    add(memory, batchOf(1));
    expect(memory.size).toBe(BATCH);
    memory.dispose();
  });

  test('a loss with an empty memory is the loss without', async () => {
    const { labels, rows } = batchOf(1);
    const memory = embeddingMemory({ capacity: 5 });
    for (const loss of [
      (x: tf.Tensor2D, use: { memory?: EmbeddingMemory }) => odmLoss(labels, x, { pairs: 'all', ...use }),
      (x: tf.Tensor2D, use: { memory?: EmbeddingMemory }) => tripletLoss(labels, x, use),
    ]) {
      expect(await valueAndGradient((x) => loss(x, { memory }), rows)).toEqual(
        await valueAndGradient((x) => loss(x, {}), rows),
      );
    }
  });

  test.each([1, 2] as const)('power %i: the batch against all rows so far, by a loop', async (power) => {
    const memory = embeddingMemory({ capacity: CAPACITY });
    const options = { margin: 4, power, positiveShare: 0.4 };
    let [heldLabels, held]: [number[], number[][]] = [[], []];
    for (let step = 0; step < 12; step++) {
      const { labels, rows } = batchOf(step);
      // Empty, with one batch, half full, full.
      if ([0, 1, 6, 11].includes(step)) {
        const pairs = naive.pairsOf(labels, rows, heldLabels, held);
        const ones = pairs.distances.map((row) => row.map(() => 1));
        const all = tf.tidy(() => odmLoss(labels, tf.tensor2d(rows), { ...options, pairs: 'all', memory }));
        expectClose((await all.data())[0]!, naive.pairLoss(pairs, ones, options), { relative: 1e-5 });
        all.dispose();
        const hard = tf.tidy(() =>
          odmLoss(labels, tf.tensor2d(rows), { ...options, pairs: 'all', memory, miner: hardestPairs() }),
        );
        expectClose((await hard.data())[0]!, naive.pairLoss(pairs, naive.hardest(pairs), options), { relative: 1e-5 });
        hard.dispose();
      }
      add(memory, { labels, rows });
      heldLabels = [...heldLabels, ...labels].slice(-CAPACITY);
      held = [...held, ...rows].slice(-CAPACITY);
    }
    memory.dispose();
  });

  test.each([0, 500])(
    'gradient by differences of the loop, %i from the origin; the memory has none',
    async (offset) => {
      const memory = embeddingMemory({ capacity: 9 });
      const [old, { labels, rows }] = [batchOf(3, { count: 9, offset }), batchOf(4, { count: 6, offset })];
      labels.splice(0, 3, 0, -1, 0);
      old.labels.splice(0, 3, 0, -1, 1);
      add(memory, old);
      const pairs = (x: number[][]) => naive.pairsOf(labels, x, old.labels, old.rows);
      const options = { margin: 5, power: 1, positiveShare: 0.5 } as const;
      const now = pairs(rows);
      const one = now.distances.map((row) => row.map(() => 1));
      for (const [miner, weights] of [
        [undefined, one],
        [hardestPairs(), naive.hardest(now)],
        [hardestOod({ share: 0.5 }), naive.hardOod(now, 0.5)],
      ] as const) {
        const { value, gradient } = await valueAndGradient(
          (x) => odmLoss(labels, x, { ...options, pairs: 'all', memory, miner }),
          rows,
        );
        const loop = (x: number[][]) => naive.pairLoss(pairs(x), weights, options);
        expectClose(value, loop(rows), { relative: 1e-4 });
        expectClose(gradient, finiteDifferences(loop, rows), { relative: 2e-3, absolute: 2e-4 });
      }
      for (const [miner, weights] of [
        [undefined, one],
        [hardestTriplets(), naive.hardest(now)],
      ] as const) {
        const { value, gradient } = await valueAndGradient(
          (x) => tripletLoss(labels, x, { margin: 1, memory, miner }),
          rows,
        );
        const loop = (x: number[][]) => naive.weightedTriplets(pairs(x), weights, 1);
        expectClose(value, loop(rows), { relative: 1e-4, absolute: 1e-5 });
        expectClose(gradient, finiteDifferences(loop, rows), { relative: 2e-3, absolute: 2e-4 });
      }
      memory.dispose();
    },
  );

  test('rows equal to those of the memory; OoD against OoD is no pair', async () => {
    const memory = embeddingMemory({ capacity: 8 });
    const rows = Array.from({ length: 4 }, () => new Array<number>(SIZE).fill(2));
    add(memory, { labels: [0, 1, -1, -2], rows });
    for (const labels of [
      [0, 0, 1, -1],
      [-1, -1, -3, -1],
    ]) {
      const { value, gradient } = await valueAndGradient((x) => odmLoss(labels, x, { pairs: 'all', memory }), rows);
      expectClose(value, 2.5); // all at distance 0: half of the share of the negatives times the margin
      expect(gradient.map(Math.abs)).toEqual(new Array(4 * SIZE).fill(0));
    }
    memory.reset();
    add(memory, { labels: [-1, -2], rows: rows.slice(2) });
    const { value } = await valueAndGradient((x) => odmLoss([-1, -1, -3, -1], x, { pairs: 'all', memory }), rows);
    expect(value).toBe(0);
    memory.dispose();
  });

  test('rows are added inside the loss that is differentiated, and outlive it', async () => {
    const memory = embeddingMemory({ capacity: 40 });
    const start = tf.tensor2d(batchOf(1).rows);
    const x: tf.Variable<tf.Rank.R2> = tf.variable(start);
    const optimizer = tf.train.sgd(0.1);
    const { labels } = batchOf(1);
    const sizes: number[] = [];
    const counts: number[] = [];
    for (let step = 0; step < 4; step++) {
      const before = await x.data();
      optimizer.minimize(() => {
        const value = contrastiveLoss(tf.tensor1d(labels, 'int32'), x, { pairs: 'all', memory, margin: 4 });
        memory.add(labels, x);
        return value;
      });
      expect(await x.data()).not.toEqual(before);
      const newest = tf.slice(memory.embeddings!, memory.size - BATCH);
      expect(await newest.data()).toEqual(before); // what the loss saw, not what became of it
      newest.dispose();
      sizes.push(memory.size);
      counts.push(tf.memory().numTensors);
    }
    expect(sizes).toEqual([32, 40, 40, 40]);
    expect(new Set(counts).size).toBe(1);
    tf.dispose([x, start]);
    optimizer.dispose();
    memory.dispose();
  });

  test('refuses what does not fit', () => {
    for (const capacity of [0, -1, 1.5, NaN]) {
      expect(() => embeddingMemory({ capacity })).toThrow(ArgumentError);
      expect(() => embeddingMemory({ capacity })).toThrow('embeddingMemory: capacity must be a whole number from 1');
    }
    const memory = embeddingMemory({ capacity: 3 });
    const [x, narrow] = [tf.ones<tf.Rank.R2>([2, 3]), tf.ones<tf.Rank.R2>([2, 2])];
    expect(() => memory.add([0], x)).toThrow(ShapeError);
    expect(() => memory.add([0], x)).toThrow('EmbeddingMemory.add: labels must be [2]');
    memory.add([0, 1], x);
    expect(() => memory.add([0, 1], narrow)).toThrow('EmbeddingMemory.add: embeddings must be [C, 3]');
    expect(memory.size).toBe(2);
    expect(() => tripletLoss([0, 1], narrow, { memory })).toThrow('EmbeddingMemory.extend: embeddings must be [C, 3]');
    expect(() => odmLoss([0, 1], x, { memory })).toThrow("odmLoss: pairs must be 'all' with a miner or a memory");
    tf.dispose([x, narrow]);
    memory.dispose();
  });
});
