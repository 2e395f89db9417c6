import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import {
  ArgumentError,
  centerLoss,
  ciderLoss,
  classBalancedBatches,
  ClassMeans,
  contrastiveLoss,
  embeddingMemory,
  hardestTriplets,
  odmBatches,
  odmLoss,
  supervisedContrastiveLoss,
  tripletLoss,
  type BatchLabels,
} from 'tfjs-ood';
import { classThresholds } from 'tfjs-ood/thresholds';
import { fitOutputDetector } from 'tfjs-ood/detector';
import { ClassScatter, recallAtK } from 'tfjs-ood/embeddings';
import { createTrainer } from 'tfjs-ood/training';
import { classAccuracy } from 'tfjs-ood/metrics';
import { nearestClassMean, she } from 'tfjs-ood/scorers';
import { onEachBackend } from '../on-each-backend';
import { smallModel } from '../training/small-model';

const rows = { data: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7), shape: [4, 2] as const };
const images = { set: { images: new Uint8Array(16), shape: [4, 2, 2, 1] as const }, indices: [0, 1, 2, 3] };

/** What is no label, in place of the label at index 2, and what the error calls it. */
const wrong: [unknown, string][] = [
  ['1', 'string'],
  [1n, 'bigint'],
  [true, 'boolean'],
  [null, 'object'],
  [undefined, 'undefined'],
  [NaN, 'NaN'],
  [Infinity, 'Infinity'],
  [0.5, '0.5'],
  [4e9, '4000000000'],
  [2 ** 31, '2147483648'],
  [[0, 1], 'object'],
  [Float32Array.of(0, 1), 'object'],
  [{}, 'object'],
];

const inBatch = (loss: (y: BatchLabels, x: tf.Tensor2D) => tf.Scalar) => (labels: ArrayLike<number>) =>
  tf.tidy(() => void loss(labels, tf.tensor2d(rows.data, [4, 2])));
const takers: Record<string, (labels: ArrayLike<number>) => unknown> = {
  contrastiveLoss: inBatch((y, x) => contrastiveLoss(y, x)),
  odmLoss: inBatch((y, x) => odmLoss(y, x)),
  tripletLoss: inBatch((y, x) => tripletLoss(y, x)),
  centerLoss: inBatch((y, x) => centerLoss(y, x, tf.eye(2))),
  'EmbeddingMemory.add': inBatch((y, x) => {
    embeddingMemory({ capacity: 4 }).add(y, x);
    return tf.scalar(0);
  }),
  odmBatches: (y) => odmBatches(y, { seed: 1, batchSize: 2 }),
  classBalancedBatches: (y) => classBalancedBatches(y, { seed: 1, classesPerBatch: 1, rowsPerClass: 1 }),
  'ClassMeans.add': (y) => new ClassMeans().add({ ...rows, shape: [4, 2] }, y),
  'ClassScatter.add': (y) => new ClassScatter().add({ ...rows, shape: [4, 2] }, y),
  recallAtK: (y) => recallAtK({ ...rows, shape: [4, 2] }, y, [1]),
  classAccuracy: (y) => classAccuracy([0, 1, 0, 1], y),
  'predicted of classAccuracy': (y) => classAccuracy(y, [0, 1, 0, 1]),
  classThresholds: (y) => classThresholds([1, 2, 3, 4], y, 0.5),
  nearestClassMean: (y) => nearestClassMean().fit([{ features: { ...rows, shape: [4, 2] }, labels: y }], {}),
  she: (y) =>
    she().fit([{ features: { ...rows, shape: [4, 2] }, labels: y }], {
      head: { weights: Float32Array.of(1, 0, 0, 1), bias: Float32Array.of(0, 0), shape: [2, 2] },
    } as never),
  fitOutputDetector: (y) =>
    fitOutputDetector({ features: { ...rows, shape: [4, 2] }, labels: y }, { scorer: nearestClassMean(), alpha: 0.5 }),
  'Trainer.step': async (y) => {
    const model = smallModel();
    const trainer = createTrainer(model, { loss: (own, x) => odmLoss(own, x), seed: 1 });
    try {
      await trainer.step(images, y, 0);
    } finally {
      trainer.dispose();
      model.dispose();
    }
  },
};

beforeAll(() => tf.setBackend('cpu'));

test.each(Object.entries(takers))('%s refuses what is no class by its type and index', async (name, take) => {
  const refusal = async (labels: unknown): Promise<Error> => {
    try {
      await take(labels as number[]);
    } catch (error) {
      return error as Error;
    }
    throw new Error(`${name} took ${String(labels)}`);
  };
  for (const [label, kind] of wrong) {
    const error = await refusal([0, 1, label, 1]);
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toMatch(/^[\w.]+: (labels|predicted|classes) must be /);
    expect(error.message).toContain(`got ${kind} at index 2`);
  }
  expect((await refusal(Float32Array.of(0, 1, 0.25, 1))).message).toContain('got 0.25 at index 2');
  if (name !== 'fitOutputDetector') {
    // Which takes int64, and names
    expect((await refusal(BigInt64Array.of(0n, 1n, 0n, 1n))).message).toContain('got bigint at index 0');
    expect((await refusal(['0', '1', '0', '1'])).message).toContain('got string at index 0');
  }
  // A hole is no class either.
  // eslint-disable-next-line no-sparse-arrays
  expect((await refusal([0, , 1, 1])).message).toContain('got undefined at index 1');
});

onEachBackend('the numbers of classes', (backend) => {
  const classes = [0, 0, 1, 1, 2, 2, -1];
  const x = () => tf.tensor2d([[1, 0], [2, 2], [0, 1], [-1, 3], [3, -1], [0, -2], [-1, -1]]); // prettier-ignore
  const losses: Record<string, (y: BatchLabels) => tf.Scalar> = {
    supervisedContrastiveLoss: (y) => supervisedContrastiveLoss(y, x()),
    hardestTriplets: (y) => tripletLoss(y, x(), { miner: hardestTriplets() }),
    odmLoss: (y) => odmLoss(y, x(), { pairs: 'all' }),
    'odmLoss with a memory': (y) => {
      const memory = embeddingMemory({ capacity: 7 });
      memory.add(y, tf.mul(x(), 2));
      const value = odmLoss(y, x(), { pairs: 'all', memory });
      memory.dispose();
      return value;
    },
  };
  const valueOf = async (make: () => tf.Scalar) => {
    const value = tf.tidy(make);
    const [number] = await value.data();
    value.dispose();
    return number!;
  };

  test.each(Object.entries(losses))('%s: are not rounded, in an array or a tensor', async (_, loss) => {
    const expected = await valueOf(() => loss(classes));
    for (const from of [7, 2 ** 24, 1e9, 2 ** 31 - 3]) {
      const moved = classes.map((label) => (label < 0 ? label : label + from));
      if (backend === 'webgl' && from > 7) {
        expect(() => tf.tidy(() => loss(moved))).toThrow('whole numbers below');
        continue;
      }
      expect(await valueOf(() => loss(moved))).toBe(expected);
      expect(await valueOf(() => loss(tf.tensor1d(moved, 'int32')))).toBe(expected);
      expect(await valueOf(() => loss(Int32Array.from(moved)))).toBe(expected);
    }
    expect(await valueOf(() => loss(tf.tensor1d(classes, 'float32')))).toBe(expected);
  });

  test('a loss with a row for each class names the classes there are', () => {
    const [y, own] = [[0, 1, 2 ** 24], tf.tensor2d([[1, 0], [0, 1], [1, 1]])]; // prettier-ignore
    const message = 'whole numbers below 2, got 16777216 at index 2';
    expect(() => tf.tidy(() => centerLoss(y, own, tf.eye(2)))).toThrow(message);
    expect(() => tf.tidy(() => ciderLoss(y, own, tf.eye(2)))).toThrow(message);
    own.dispose();
  });
});
