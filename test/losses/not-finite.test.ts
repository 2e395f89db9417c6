import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import {
  allTriplets,
  centerLoss,
  ciderLoss,
  classAnchorLoss,
  confidenceLoss,
  distanceWeightedPairs,
  embeddingMemory,
  energyBoundedLoss,
  hardestOod,
  hardestPairs,
  hardestTriplets,
  logitNormLoss,
  odmLoss,
  outlierExposureLoss,
  proxyAnchorLoss,
  semiHardPairs,
  semiHardTriplets,
  supervisedContrastiveLoss,
  tripletLoss,
  tripletsOf,
  unitRows,
  violatingPairs,
  type BatchLabels,
  type PairMiner,
} from 'tfjs-ood';
import { onEachBackend } from '../on-each-backend';

const LABELS = [0, 0, 1, 1, -1, -1];
const ROWS = [
  [1, 0, 2],
  [0, 1, 1],
  [2, 2, 0],
  [-1, 0, 1],
  [0, 3, 1],
  [1, 1, -2],
];
type Loss = (labels: BatchLabels, x: tf.Tensor2D, c: tf.Tensor2D) => tf.Scalar;

const pairMiners: Record<string, PairMiner> = {
  hardestPairs: hardestPairs(),
  semiHardPairs: semiHardPairs(),
  'semiHardPairs nearest': semiHardPairs({ whichPositive: 'nearest' }),
  hardestOod: hardestOod(),
  violatingPairs: violatingPairs(),
  distanceWeightedPairs: distanceWeightedPairs(),
  'distanceWeightedPairs drawn': distanceWeightedPairs({ seed: 1 }),
};
const tripletMiners = {
  allTriplets: allTriplets(),
  hardestTriplets: hardestTriplets(),
  semiHardTriplets: semiHardTriplets(),
  ...Object.fromEntries(Object.entries(pairMiners).map(([name, miner]) => [`tripletsOf ${name}`, tripletsOf(miner)])),
};
const losses: Record<string, Loss> = {
  supervisedContrastiveLoss: (y, x) => supervisedContrastiveLoss(y, x),
  ciderLoss: (y, x, c) => ciderLoss(y, x, c),
  proxyAnchorLoss: (y, x, c) => proxyAnchorLoss(y, x, c),
  centerLoss: (y, x, c) => centerLoss(y, x, c),
  classAnchorLoss: (y, x) => classAnchorLoss(y, x),
  outlierExposureLoss: (y, x) => outlierExposureLoss(y, x),
  confidenceLoss: (y, x) => confidenceLoss(y, x),
  energyBoundedLoss: (y, x) => energyBoundedLoss(y, x),
  logitNormLoss: (y, x) => logitNormLoss(y, x),
};
for (const power of [1, 2] as const) {
  losses[`odmLoss halves ${power}`] = (y, x) => odmLoss(y, x, { power });
  for (const [name, miner] of Object.entries({ none: undefined, ...pairMiners })) {
    losses[`odmLoss all ${power} ${name}`] = (y, x) => odmLoss(y, x, { pairs: 'all', power, miner });
  }
  for (const cost of ['hinge', 'soft'] as const) {
    for (const [name, miner] of Object.entries(tripletMiners)) {
      losses[`tripletLoss ${power} ${cost} ${name}`] = (y, x) => tripletLoss(y, x, { power, cost, miner });
    }
  }
}

onEachBackend('a NaN or an infinity', (backend) => {
  const valueOf = async (loss: Loss, rows: number[][]) => {
    const value = tf.tidy(() => loss(LABELS, tf.tensor2d(rows), tf.eye(3)));
    const [number] = await value.data();
    value.dispose();
    return number!;
  };
  const broken = (row: number, column: number, value: number) =>
    ROWS.map((own, i) => own.map((v, k) => (i === row && k === column ? value : v)));
  /** GPUs may take NaN for infinite; both stop a trainer. */
  const isRefused = (value: number) => (backend.startsWith('webg') ? !Number.isFinite(value) : Number.isNaN(value));
  // Every program is compiled anew there: the rows that differ in kind are enough.
  const places = backend.startsWith('webg') ? [0, 5] : [0, 1, 3, 4, 5];

  test.each(Object.keys(losses))('%s: in any row, is no plausible loss', async (name) => {
    expect(await valueOf(losses[name]!, ROWS)).toSatisfy(Number.isFinite);
    for (const bad of [NaN, Infinity, -Infinity]) {
      for (const row of places) {
        expect([row, bad, await valueOf(losses[name]!, broken(row, row % 3, bad))]).toSatisfy(([, , v]: number[]) =>
          isRefused(v!),
        );
      }
    }
  });

  test.each(Object.keys(losses).filter((name) => name.startsWith('tripletLoss')))(
    '%s: nor are squares beyond floats',
    async (name) => {
      for (const row of [0, 5]) {
        const value = await valueOf(losses[name]!, broken(row, 1, 1e20));
        expect([row, value]).toSatisfy(([, v]: number[]) => !Number.isFinite(v));
      }
    },
  );

  test.each([hardestPairs(), hardestOod()])('in a memory too', async (miner) => {
    const memory = embeddingMemory({ capacity: 4 });
    tf.tidy(() => memory.add([0, -1], tf.tensor2d([[1, 2, 3], [4, NaN, 6]]))); // prettier-ignore
    expect(await valueOf((y, x) => odmLoss(y, x, { pairs: 'all', miner, memory }), ROWS)).not.toSatisfy(
      Number.isFinite,
    );
    const triplets = tripletsOf(miner);
    expect(await valueOf((y, x) => tripletLoss(y, x, { miner: triplets, memory }), ROWS)).not.toSatisfy(
      Number.isFinite,
    );
    memory.dispose();
  });

  test('unitRows: the whole row is NaN, others stay', async () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const unit = tf.tidy(() => unitRows(tf.tensor2d([[bad, 1], [0, bad], [3, 4]]))); // prettier-ignore
      const numbers = [...(await unit.data())];
      unit.dispose();
      if (backend.startsWith('webg')) expect(numbers.slice(0, 4).every(Number.isFinite)).toBe(false);
      else expect(numbers.slice(0, 4)).toEqual([NaN, NaN, NaN, NaN]);
      expect(numbers.slice(4)).toEqual([Math.fround(0.6), Math.fround(0.8)]);
    }
  });

  test.each([
    ['a class that is not there', [0, 1, 2, 7]],
    ['a fraction', [0, 1, 2, 0.5]],
    ['NaN', [0, 1, 2, NaN]],
  ])('%s among the labels of a tensor: a loss over classes is NaN', async (_, wrong) => {
    const x = tf.tensor2d(ROWS.slice(0, 4), [4, 3]);
    const centers = tf.eye(3);
    const labels = tf.tensor1d(wrong, 'float32');
    const losses: Record<string, (y: tf.Tensor1D) => tf.Scalar> = {
      center: (y) => centerLoss(y, x, centers),
      cider: (y) => ciderLoss(y, x, centers),
      'proxy anchor': (y) => proxyAnchorLoss(y, x, centers),
      'class anchor': (y) => classAnchorLoss(y, x),
      'outlier exposure': (y) => outlierExposureLoss(y, x),
      confidence: (y) => confidenceLoss(y, x),
      'energy-bounded': (y) => energyBoundedLoss(y, x),
      LogitNorm: (y) => logitNormLoss(y, x),
    };
    for (const [name, loss] of Object.entries(losses)) {
      const value = tf.tidy(() => loss(labels));
      expect(Number.isFinite((await value.data())[0]), name).toBe(false);
      value.dispose();
    }
    tf.dispose([x, centers, labels]);
  });
});
