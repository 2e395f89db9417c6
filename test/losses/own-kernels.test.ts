import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  allTriplets,
  embeddingMemory,
  hardestPairs,
  hardestTriplets,
  odmLoss,
  pairwiseDistances,
  seededRandom,
  supervisedContrastiveLoss,
  tripletLoss,
  tripletsOf,
  distanceWeightedPairs,
} from 'tfjs-ood';
import { expectClose } from '../expect-close';
import { backends, onEachBackend } from '../on-each-backend';
import torch from '../fixtures/metric-losses.json';

type Loss = (labels: number[], x: tf.Tensor2D) => tf.Scalar;

async function valueAndGradient(loss: Loss, labels: number[], rows: number[][]) {
  const { value, grad } = tf.tidy(() =>
    tf.valueAndGrad((x: tf.Tensor) => loss(labels, x as tf.Tensor2D))(tf.tensor2d(rows)),
  );
  const found = { value: (await value.data())[0]!, gradient: [...(await grad.data())] };
  tf.dispose([value, grad]);
  return found;
}

/** Rows that are spread, some of them equal or near to each other. */
function rowsOf(count: number, size: number): number[][] {
  const random = seededRandom(count, size);
  const rows = Array.from({ length: count }, () => Array.from({ length: size }, () => Math.fround(random.normal())));
  if (count > 5) rows[5] = [...rows[1]!];
  if (count > 6) rows[6] = rows[2]!.map((value) => Math.fround(value + 2 ** -12));
  return rows;
}
const labelsOf = (count: number): number[] => Array.from({ length: count }, (_, i) => ((i * 7) % 5) - 1);

onEachBackend('against torch', () => {
  const miners = { allTriplets: allTriplets(), hardestTriplets: hardestTriplets() };
  const { labels, embeddings } = torch;
  const check = async (loss: Loss, expected: { loss: number; gradient: number[][] }) => {
    const { value, gradient } = await valueAndGradient(loss, labels, embeddings);
    expectClose(value, expected.loss, { relative: 1e-6, absolute: 0 });
    expectClose(gradient, expected.gradient.flat(), { relative: 1e-5, absolute: 1e-6 });
  };
  test.each(torch.triplets)('tripletLoss, $miner, power $power, margin $margin', async (given) => {
    const { power, margin, miner } = given as { power: 1 | 2; margin: number; miner: keyof typeof miners };
    await check((y, x) => tripletLoss(y, x, { power, margin, miner: miners[miner] }), given);
  });
  test.each(torch.supervised)('supervisedContrastiveLoss, temperature $temperature', async (given) => {
    await check((y, x) => supervisedContrastiveLoss(y, x, { temperature: given.temperature }), given);
  });
});

/** Without them the losses take the kernels that every backend has. */
describe.runIf(backends.includes('wasm'))('our own kernels of wasm give what plain ones give', () => {
  let before = 0;
  beforeEach(async () => {
    await tf.setBackend('wasm');
    before = tf.memory().numTensors;
  });
  afterEach(() => expect(tf.memory().numTensors, 'tensors left behind').toBe(before));

  async function withoutOwn<T>(work: () => Promise<T>): Promise<T> {
    const own = ['PairDifferences', 'HingeTriplets'].map((name) => tf.getKernel(name, 'wasm'));
    for (const { kernelName } of own) tf.unregisterKernel(kernelName, 'wasm');
    try {
      return await work();
    } finally {
      own.forEach((kernel) => tf.registerKernel(kernel));
    }
  }

  const remembering =
    (loss: (y: number[], x: tf.Tensor2D, memory: ReturnType<typeof embeddingMemory>) => tf.Scalar): Loss =>
    // prettier-ignore
    (y, x) => {
      const memory = embeddingMemory({ capacity: 11 });
      memory.add(labelsOf(11), tf.tensor2d(rowsOf(11, x.shape[1])));
      const value = loss(y, x, memory);
      memory.dispose();
      return value;
    };
  const losses: Record<string, Loss> = {
    'odmLoss, all pairs': (y, x) => odmLoss(y, x, { pairs: 'all', margin: 2 }),
    'odmLoss, squared': (y, x) => odmLoss(y, x, { pairs: 'all', power: 2, margin: 6 }),
    'odmLoss, mined': (y, x) => odmLoss(y, x, { pairs: 'all', miner: hardestPairs() }),
    'odmLoss with a memory': remembering((y, x, memory) => odmLoss(y, x, { pairs: 'all', memory })),
    'tripletLoss, all': (y, x) => tripletLoss(y, x, { margin: 0.5 }),
    'tripletLoss, all, squared': (y, x) => tripletLoss(y, x, { power: 2, margin: 2 }),
    'tripletLoss, all, soft': (y, x) => tripletLoss(y, x, { cost: 'soft' }),
    'tripletLoss, weighted': (y, x) => tripletLoss(y, x, { miner: tripletsOf(distanceWeightedPairs({ maxDistance: 2 })) }), // prettier-ignore
    'tripletLoss with a memory': remembering((y, x, memory) => tripletLoss(y, x, { memory })),
    'tripletLoss, hardest': (y, x) => tripletLoss(y, x, { miner: hardestTriplets() }),
    'pairwiseDistances, uneven': (_, x) =>
      tf.sum(tf.mul(pairwiseDistances(x), tf.reshape(tf.range(0, x.shape[0] ** 2), [x.shape[0], x.shape[0]]))),
  };
  test.each(Object.entries(losses))('%s', async (_, loss) => {
    for (const [count, size] of [
      [2, 1],
      [7, 3],
      [33, 16],
      [70, 37],
      [64, 128],
      [300, 5],
    ] as const) {
      // prettier-ignore
      const [labels, rows] = [labelsOf(count), rowsOf(count, size)];
      const own = await valueAndGradient(loss, labels, rows);
      const plain = await withoutOwn(() => valueAndGradient(loss, labels, rows));
      expectClose(own.value, plain.value, { relative: 1e-6, absolute: 1e-7 });
      const largest = Math.max(...plain.gradient.map(Math.abs));
      expectClose(own.gradient, plain.gradient, { absolute: 1e-6 * (1 + largest) });
    }
  });
});
