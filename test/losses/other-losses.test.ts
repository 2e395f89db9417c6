import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  allTriplets,
  ArgumentError,
  centerLoss,
  ciderLoss,
  classAnchorLoss,
  confidenceLoss,
  energyBoundedLoss,
  hardestTriplets,
  logitNormLoss,
  moveCiderPrototypes,
  outlierExposureLoss,
  proxyAnchorLoss,
  seededRandom,
  semiHardTriplets,
  ShapeError,
  supervisedContrastiveLoss,
  tripletLoss,
  unitRows,
} from 'tfjs-ood';
import { expectClose } from '../expect-close';
import { lengthsOn, onEachBackend } from '../on-each-backend';
import * as naive from './naive-losses';

const CLASSES = 3;
const SIZE = 3; // as many as classes, so that every loss takes the same rows

const random = seededRandom(4);
const centers = Array.from({ length: CLASSES }, () => Array.from({ length: SIZE }, () => Math.fround(random.normal())));
const units = centers.map((row) => row.map((value) => Math.fround(value / Math.hypot(...row))));

type Loss = (labels: readonly number[] | tf.Tensor, rows: tf.Tensor2D) => tf.Scalar;
interface Case {
  name: string;
  loss: Loss;
  oracle: (labels: readonly number[], rows: naive.Rows) => number;
  /** What OoD rows alone cost: the loss of `[-1, -1]` is then this of the oracle, else 0. */
  pricesOod: boolean;
}

const tripletMiners = { all: allTriplets(), 'batch-hard': hardestTriplets(), 'semi-hard': semiHardTriplets() };
const minings = ['all', 'batch-hard', 'semi-hard'] as const;
const tripletCases = minings.flatMap((mining) =>
  (['hinge', 'soft'] as const).flatMap((cost) =>
    ([1, 2] as const).map((power): Case => {
      const options = { margin: 0.7, cost, power };
      return {
        name: `tripletLoss ${mining} ${cost} ${power}`,
        loss: (y, x) => tripletLoss(y, x, { ...options, miner: tripletMiners[mining] }),
        oracle: (y, x) => naive.triplet(y, x, { ...options, mining }),
        pricesOod: false,
      };
    }),
  ),
);
const withCenters = (rows: number[][], use: (t: tf.Tensor2D) => tf.Scalar) => tf.tidy(() => use(tf.tensor2d(rows)));
const cider = { temperature: 0.5, compactness: 1.5, oodWeight: 0.7, momentum: 0.3 };
const anchors = { magnitude: 2, anchorWeight: 0.3, margin: 2.5 };
const energies = { inMargin: -2, outMargin: -1, weight: 0.2 };

const cases: Case[] = [
  ...tripletCases,
  {
    name: 'supervisedContrastiveLoss',
    loss: (y, x) => supervisedContrastiveLoss(y, x, { temperature: 0.3 }),
    oracle: (y, x) => naive.supervisedContrastive(y, x, { temperature: 0.3 }),
    pricesOod: false,
  },
  {
    name: 'centerLoss',
    loss: (y, x) => withCenters(centers, (c) => centerLoss(y, x, c, { margin: 2 })),
    oracle: (y, x) => naive.center(y, x, centers, { margin: 2 }),
    pricesOod: true,
  },
  {
    name: 'classAnchorLoss',
    loss: (y, x) => classAnchorLoss(y, x, anchors),
    oracle: (y, x) => naive.classAnchor(y, x, anchors),
    pricesOod: true,
  },
  {
    name: 'proxyAnchorLoss',
    loss: (y, x) => withCenters(centers, (c) => proxyAnchorLoss(y, x, c, { scale: 4, margin: 0.2 })),
    oracle: (y, x) => naive.proxyAnchor(y, x, centers, { scale: 4, margin: 0.2 }),
    pricesOod: true,
  },
  {
    name: 'ciderLoss',
    loss: (y, x) => withCenters(units, (c) => ciderLoss(y, x, c, cider)),
    oracle: (y, x) => naive.cider(y, x, units, cider),
    pricesOod: true,
  },
  {
    name: 'outlierExposureLoss',
    loss: (y, x) => outlierExposureLoss(y, x, { weight: 0.6 }),
    oracle: (y, x) => naive.outlierExposure(y, x, { weight: 0.6 }),
    pricesOod: true,
  },
  {
    name: 'confidenceLoss',
    loss: (y, x) => confidenceLoss(y, x, { weight: 0.6 }),
    oracle: (y, x) => naive.confidence(y, x, { weight: 0.6 }),
    pricesOod: true,
  },
  {
    name: 'energyBoundedLoss',
    loss: (y, x) => energyBoundedLoss(y, x, energies),
    oracle: (y, x) => naive.energyBounded(y, x, energies),
    pricesOod: true,
  },
  {
    name: 'logitNormLoss',
    loss: (y, x) => logitNormLoss(y, x, { temperature: 0.3 }),
    oracle: (y, x) => naive.logitNorm(y, x, { temperature: 0.3 }),
    pricesOod: false,
  },
];

/** Mixed, one class, OoD alone, no positive pair. */
const labelSets = [
  [0, 0, 1, -1, -1],
  [1, 1, 1, 1, 1],
  [-1, -2, -1, -1, -5],
  [0, 1, 2, -1, -1],
];

function finiteDifferences(value: (rows: number[][]) => number, rows: number[][]): number[] {
  const step = 1e-5;
  return rows.flatMap((row, i) =>
    row.map((_, k) => {
      const moved = (by: number) => rows.map((own, j) => own.map((v, m) => (i === j && k === m ? v + by : v)));
      return (value(moved(step)) - value(moved(-step))) / (2 * step);
    }),
  );
}

async function valueAndGradient(loss: Loss, labels: readonly number[] | tf.Tensor, rows: number[][]) {
  const { value, grad } = tf.tidy(() =>
    tf.valueAndGrad((x: tf.Tensor) => loss(labels, x as tf.Tensor2D))(tf.tensor2d(rows, [rows.length, SIZE])),
  );
  const result = { value: (await value.data())[0]!, gradient: [...(await grad.data())] };
  tf.dispose([value, grad]);
  return result;
}

/** Rows in steps of 1/64, so that no hinge or tie lies within a finite difference of a kink. */
function rowsOf(count: number, seed: number): number[][] {
  const draw = seededRandom(seed);
  return Array.from({ length: count }, () =>
    Array.from({ length: SIZE }, () =>
      Math.fround(Math.round(64 * (1 + 2 * draw.normal())) / 64 + draw.normal() / 1e4),
    ),
  );
}

onEachBackend('losses', (backend) => {
  test.each(cases)('$name: value and gradient of the definition', async ({ loss, oracle }) => {
    const property = fc.asyncProperty(
      fc.array(fc.integer({ min: -2, max: CLASSES - 1 }), lengthsOn(backend, 2, 9)),
      fc.integer({ min: 1, max: 2 ** 31 }),
      async (labels, seed) => {
        const rows = rowsOf(labels.length, seed);
        const { value, gradient } = await valueAndGradient(loss, labels, rows);
        expectClose(value, oracle(labels, rows), { relative: 2e-5, absolute: 2e-5 });
        const expected = finiteDifferences((x) => oracle(labels, x), rows);
        expectClose(gradient, expected, { relative: 2e-3, absolute: 1e-3 });
      },
    );
    await fc.assert(property, { numRuns: 10, seed: 3, examples: [[[0, -1], 1]] });
  });

  test.each(cases)('$name: equal rows and zero rows have finite gradients', async ({ loss }) => {
    for (const row of [
      [0, 0, 0],
      [1, 2, 3],
    ]) {
      const rows = Array.from({ length: 5 }, () => row);
      for (const labels of labelSets) {
        const { value, gradient } = await valueAndGradient(loss, labels, rows);
        expect(value).toSatisfy(Number.isFinite);
        expect(gradient.every(Number.isFinite)).toBe(true);
      }
    }
  });

  test.each(cases)('$name: one class, one row, OoD alone', async ({ loss, oracle, pricesOod }) => {
    const rows = rowsOf(4, 8);
    for (const labels of [
      [1, 1, 1, 1],
      [-1, -3, -1, -1],
    ]) {
      const { value } = await valueAndGradient(loss, labels, rows);
      expectClose(value, oracle(labels, rows), { relative: 2e-5, absolute: 2e-5 });
    }
    expectClose((await valueAndGradient(loss, [2], rows.slice(0, 1))).value, oracle([2], rows.slice(0, 1)), {
      absolute: 2e-5,
      relative: 2e-5,
    });
    const alone = await valueAndGradient(loss, [-1, -1], rows.slice(0, 2));
    expect(alone.gradient.every(Number.isFinite)).toBe(true);
    if (!pricesOod) expect([alone.value, ...alone.gradient].map(Math.abs)).toEqual(new Array(7).fill(0));
  });

  test.each(cases)('$name: labels as tensors; NaN is not hidden', async ({ loss }) => {
    const [labels, rows] = [[0, 0, 1, -1, 2], rowsOf(5, 9)];
    const expected = await valueAndGradient(loss, labels, rows);
    for (const given of [tf.tensor1d(labels, 'int32'), tf.tensor2d(labels, [5, 1])]) {
      expect(await valueAndGradient(loss, given, rows)).toEqual(expected);
      given.dispose();
    }
    rows[1]![1] = NaN;
    expect((await valueAndGradient(loss, labels, rows)).value).not.toSatisfy(Number.isFinite); // webgl: infinite
  });

  test.each(cases)('$name: refuses labels that do not fit', ({ name, loss }) => {
    const rows = tf.tensor2d(rowsOf(3, 1));
    const own = name.split(' ')[0]!;
    expect(() => loss([0, 1], rows)).toThrow(ShapeError);
    expect(() => loss([0, 1], rows)).toThrow(`${own}: labels must be [3]`);
    expect(() => loss([0, 0.5, 1], rows)).toThrow(ArgumentError);
    if (!/triplet|supervised/.test(name)) {
      for (const labels of [[0, 7, 1], Int32Array.of(0, 7, 1) as unknown as number[]]) {
        expect(() => loss(labels, rows)).toThrow(`${own}: labels must be whole numbers below 3, got 7 at index 1`);
      }
    }
    rows.dispose();
  });

  test('golden values: unit vectors at 0, 20, 40, 60, 80 degrees', async () => {
    const atDegrees = (angles: number[]) =>
      angles.map((degrees) => [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180), 0]);
    const rows = atDegrees([0, 20, 40, 60, 80]);
    const labels = [0, 0, 1, 1, 2];
    expectClose((await valueAndGradient((y, x) => supervisedContrastiveLoss(y, x), labels, rows)).value, 0.6487062);
    // The batch of pytorch-metric-learning's test, its value by the naive loop.
    const six = atDegrees([0, 10, 20, 50, 60, 80]);
    const found = await valueAndGradient((y, x) => supervisedContrastiveLoss(y, x), [0, 0, 0, 1, 1, 2], six);
    expectClose(found.value, 0.72006, { relative: 1e-5 });
    expectClose((await valueAndGradient((y, x) => tripletLoss(y, x), labels, rows)).value, 0.05);
  });

  test('a negative as far as the positive is not beyond it', async () => {
    const [labels, rows] = [[0, 0, 1, 1, -1], [0, 2, -2, 3, 5].map((x) => [x, 0, 0])];
    const options = { margin: 2, cost: 'hinge', power: 1, mining: 'semi-hard' } as const;
    const miner = semiHardTriplets();
    const { value } = await valueAndGradient((y, x) => tripletLoss(y, x, { miner, margin: 2 }), labels, rows);
    expectClose(value, naive.triplet(labels, rows, options), { relative: 1e-5 });
  });

  test('batches larger than a block give the same triplets', async () => {
    const labels = Array.from({ length: 104 }, (_, i) => (i % 5) - 1); // blocks of 96 and 8
    const rows = rowsOf(104, 5);
    for (const mining of minings) {
      const miner = tripletMiners[mining];
      const { value } = await valueAndGradient((y, x) => tripletLoss(y, x, { miner }), labels, rows);
      const options = { margin: 0.2, cost: 'hinge', power: 1, mining };
      expectClose(value, naive.triplet(labels, rows, options), { relative: 1e-4 });
    }
  });

  const trained = {
    centerLoss: {
      loss: (y: readonly number[], x: tf.Tensor2D, c: tf.Tensor2D) => centerLoss(y, x, c, { margin: 2 }),
      oracle: (y: readonly number[], x: naive.Rows, c: naive.Rows) => naive.center(y, x, c, { margin: 2 }),
    },
    proxyAnchorLoss: {
      loss: (y: readonly number[], x: tf.Tensor2D, c: tf.Tensor2D) => proxyAnchorLoss(y, x, c, { scale: 4 }),
      oracle: (y: readonly number[], x: naive.Rows, c: naive.Rows) =>
        naive.proxyAnchor(y, x, c, { scale: 4, margin: 0.1 }),
    },
    ciderLoss: {
      loss: (y: readonly number[], x: tf.Tensor2D, c: tf.Tensor2D) => ciderLoss(y, x, c, cider),
      oracle: (y: readonly number[], x: naive.Rows, c: naive.Rows) => naive.cider(y, x, c, cider),
    },
  };
  test.each(Object.entries(trained))('%s: the gradient of the centers', async (_, { loss, oracle }) => {
    const [labels, rows] = [[0, 1, 2, -1, 1, -2], rowsOf(6, 2)];
    const gradientOf = async (y: readonly number[], x: number[][], c: number[][]) => {
      const [value, gradient] = tf.tidy(() => {
        const own = tf.variable(tf.tensor2d(c));
        const { grads, value } = tf.variableGrads(() => loss(y, tf.tensor2d(x), own));
        expect(Object.keys(grads)).toHaveLength(1);
        const found = [value, Object.values(grads)[0]!].map((t) => tf.clone(t)) as [tf.Tensor, tf.Tensor];
        own.dispose();
        return found;
      });
      const numbers = { value: (await value.data())[0]!, gradient: [...(await gradient.data())] };
      tf.dispose([value, gradient]);
      return numbers;
    };
    const { gradient } = await gradientOf(labels, rows, units);
    const expected = finiteDifferences((c) => oracle(labels, rows, c), units);
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.01);
    expectClose(gradient, expected, { relative: 2e-3, absolute: 1e-3 });
    for (const center of [
      [0, 0, 0],
      [1, 2, 3],
    ]) {
      for (const row of [[0, 0, 0], center, [-3, 1, 2]]) {
        for (const y of labelSets) {
          const found = await gradientOf(
            y,
            Array.from({ length: 5 }, () => row),
            units.map(() => center),
          );
          expect([found.value, ...found.gradient].every(Number.isFinite)).toBe(true);
        }
      }
    }
  });

  test('the prototypes of CIDER move towards the means of their classes', async () => {
    const prototypes = tf.tidy(() => tf.variable(tf.tensor2d(units)));
    const [labels, rows] = [[0, 2, 0, -1, 2], rowsOf(5, 6)];
    tf.tidy(() => moveCiderPrototypes(prototypes, labels, tf.tensor2d(rows), { momentum: 0.4 }));
    expectClose(await prototypes.data(), naive.ciderPrototypes(labels, rows, units, 0.4).flat());
    prototypes.dispose();
  });

  test('unitRows: length 1, zero rows stay, large and small rows too', async () => {
    const rows = tf.tensor2d([
      [3, 4],
      [0, 0],
      [-2e-3, 0],
      [0, 1e3],
    ]);
    const unit = unitRows(rows);
    expectClose(await unit.data(), [0.6, 0.8, 0, 0, -1, 0, 0, 1]);
    tf.dispose([rows, unit]);
  });

  test('options out of range', () => {
    const x = tf.tensor2d(rowsOf(2, 1));
    const c = tf.tensor2d(units);
    const narrow = tf.tensor2d([[1, 2]]);
    const one = tf.tensor2d([[1, 0, 0]]);
    const refuses = (call: () => unknown, message: string) => {
      expect(call).toThrow(message);
    };
    refuses(() => tripletLoss([0, 1], x, { margin: -1 }), 'tripletLoss: margin must be a number from 0, got -1');
    refuses(() => tripletLoss([0, 1], x, { cost: 'l1' as 'soft' }), 'cost must be one of hinge, soft, got l1');
    refuses(() => tripletLoss([0, 1], x, { power: 3 as 2 }), 'power must be one of 1, 2, got 3');
    refuses(
      () => supervisedContrastiveLoss([0, 1], x, { temperature: 0 }),
      'temperature must be a number above 0, got 0',
    );
    refuses(
      () => centerLoss([0, 1], x, narrow),
      'centerLoss: centers must be [C, 3], as wide as the embeddings, got [1, 2]',
    );
    refuses(() => centerLoss([0, 1], x, c, { margin: NaN }), 'margin must be a number above 0, got NaN');
    refuses(() => energyBoundedLoss([0, 1], x, { inMargin: NaN }), 'inMargin must be a finite number, got NaN');
    refuses(() => energyBoundedLoss([0, 1], x, { outMargin: Infinity }), 'outMargin must be a finite number');
    refuses(() => classAnchorLoss([0, 1], x, { magnitude: -1 }), 'magnitude must be a number above 0');
    refuses(() => classAnchorLoss([0, 1], x, { anchorWeight: -1 }), 'anchorWeight must be a number from 0');
    refuses(() => proxyAnchorLoss([0, 1], x, c, { scale: 0 }), 'scale must be a number above 0');
    refuses(() => ciderLoss([0, 1], x, c, { momentum: 1 }), 'momentum must be a share from 0, below 1, got 1');
    refuses(() => ciderLoss([0, 0], x, one), 'prototypes must be two or more, got 1');
    refuses(
      () => outlierExposureLoss([0, 1], x, { weight: -1 }),
      'outlierExposureLoss: weight must be a number from 0',
    );
    refuses(() => confidenceLoss([0, 1], x, { weight: -1 }), 'confidenceLoss: weight');
    refuses(() => energyBoundedLoss([0, 1], x, { weight: -1 }), 'energyBoundedLoss: weight');
    refuses(() => logitNormLoss([0, 1], x, { temperature: -1 }), 'logitNormLoss: temperature');
    tf.dispose([x, c, narrow, one]);
  });
});
