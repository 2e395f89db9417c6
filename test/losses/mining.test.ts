import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  ArgumentError,
  contrastiveLoss,
  distanceWeightedPairs,
  hardestOod,
  hardestPairs,
  hardestTriplets,
  odmLoss,
  seededRandom,
  semiHardPairs,
  tripletLoss,
  tripletsOf,
  violatingPairs,
  type PairMiner,
} from 'tfjs-ood';
import { expectClose } from '../expect-close';
import { casesOn, lengthsOn, onEachBackend } from '../on-each-backend';
import * as naive from './naive-mining';

const SIZE = 3;
const weighting = { cutoff: 0.6, maxDistance: 1.7, size: SIZE };
interface Case {
  name: string;
  miner: PairMiner;
  oracle: (pairs: naive.NaivePairs) => number[][];
}
const cases: Case[] = [
  { name: 'hardestPairs', miner: hardestPairs(), oracle: naive.hardest },
  ...(['farthest', 'nearest'] as const).map((whichPositive) => ({
    name: `semiHardPairs ${whichPositive}`,
    miner: semiHardPairs({ whichPositive }),
    oracle: (pairs: naive.NaivePairs) => naive.semiHard(pairs, whichPositive),
  })),
  {
    name: 'distanceWeightedPairs',
    miner: distanceWeightedPairs({ cutoff: 0.6, maxDistance: 1.7 }),
    oracle: (pairs) => naive.distanceWeighted(pairs, weighting),
  },
  { name: 'hardestOod', miner: hardestOod({ share: 0.4 }), oracle: (pairs) => naive.hardOod(pairs, 0.4) },
  { name: 'violatingPairs', miner: violatingPairs({ margin: 1.2 }), oracle: (pairs) => naive.violating(pairs, 1.2) },
];

/** Rows of length near 1, so that distances are those of a sphere and none equals another. */
function rowsOf(count: number, seed: number, size = SIZE): number[][] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    const row = Array.from({ length: size }, () => random.normal());
    return row.map((value) => Math.fround(value / Math.hypot(...row)));
  });
}

/** Unit vectors at degrees, as pytorch-metric-learning's tests have them. */
const atAngles = (degrees: readonly number[]) =>
  degrees.map((angle) => [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)]);

/** What a miner makes of the pairs of a batch: its own weights, read through the loss that calls it. */
async function weightsOf(miner: PairMiner, labels: readonly number[], rows: readonly (readonly number[])[]) {
  let seen: tf.Tensor2D | undefined;
  const spy: PairMiner = (pairs) => {
    const weights = miner(pairs);
    seen = tf.keep(tf.mul<tf.Tensor2D>(weights, tf.add(pairs.positive, pairs.negative)));
    return weights;
  };
  tf.tidy(() => {
    odmLoss(labels, tf.tensor2d(rows.map((row) => [...row])), { pairs: 'all', miner: spy });
  });
  const values = await seen!.array();
  seen!.dispose();
  return values;
}

type Loss = (rows: tf.Tensor2D) => tf.Scalar;
async function valueAndGradient(loss: Loss, rows: number[][]) {
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

const pml = { labels: [0, 0, 1, 1, 0, 2, 1, 1, 1], line: Array.from({ length: 9 }, (_, i) => [i]) };
const sweep = atAngles([0, 20, 40, 60, 80, 100, 120, 140, 160]);

onEachBackend('pair miners', (backend) => {
  test.each(cases)('$name: weights, loss and gradient of the definition', async ({ miner, oracle }) => {
    const options = { margin: 1.3, power: 1, positiveShare: 0.3 } as const;
    const property = fc.asyncProperty(
      fc.array(fc.integer({ min: -2, max: 2 }), lengthsOn(backend, 2, 10)),
      fc.integer({ min: 1, max: 2 ** 31 }),
      fc.constantFrom<(1 | 2)[]>(1, 2),
      async (labels, seed, power) => {
        const rows = rowsOf(labels.length, seed);
        const pairs = naive.pairsOf(labels, rows);
        const weights = oracle(pairs);
        expectClose((await weightsOf(miner, labels, rows)).flat(), weights.flat(), { relative: 1e-4, absolute: 1e-5 });
        const kind = { ...options, power };
        const { value, gradient } = await valueAndGradient(
          (x) => odmLoss(labels, x, { ...kind, pairs: 'all', miner }),
          rows,
        );
        expectClose(value, naive.pairLoss(pairs, weights, kind), { relative: 1e-4, absolute: 1e-5 });
        // No gradient flows through the choice: the weights stay while the rows move.
        const held = (x: number[][]) => naive.pairLoss(naive.pairsOf(labels, x), weights, kind);
        expectClose(gradient, finiteDifferences(held, rows), { relative: 2e-3, absolute: 5e-4 });
        const triplets = await valueAndGradient(
          (x) => tripletLoss(labels, x, { margin: 0.3, miner: tripletsOf(miner) }),
          rows,
        );
        expectClose(triplets.value, naive.weightedTriplets(pairs, weights, 0.3), { relative: 1e-4, absolute: 1e-5 });
        const fixed = (x: number[][]) => naive.weightedTriplets(naive.pairsOf(labels, x), weights, 0.3);
        expectClose(triplets.gradient, finiteDifferences(fixed, rows), { relative: 2e-3, absolute: 5e-4 });
      },
    );
    await fc.assert(property, { numRuns: 12, seed: 7, examples: [[[0, -1], 1, 1]] });
  });

  test('distance-weighted weights on spheres of other dimensions', async () => {
    const labels = [0, 0, 1, 1, 2, -1, -1, 2];
    for (const size of [2, 6]) {
      for (const seed of [1, 2, 3]) {
        const rows = rowsOf(labels.length, seed, size);
        const weights = naive.distanceWeighted(naive.pairsOf(labels, rows), { ...weighting, size });
        const miner = distanceWeightedPairs({ cutoff: 0.6, maxDistance: 1.7 });
        expectClose((await weightsOf(miner, labels, rows)).flat(), weights.flat(), { relative: 1e-4, absolute: 1e-5 });
      }
    }
  });

  test('limits: a pair at the margin does not violate it, a whole share is not one more', async () => {
    const weights = await weightsOf(violatingPairs({ margin: 1 }), [0, 1, 2], [[0], [1], [1.5]]);
    expect(weights).toEqual([
      [0, 0, 0],
      [0, 0, 1],
      [0, 1, 0],
    ]);
    const labels = [0, 1, ...Array.from({ length: 25 }, () => -1)];
    const line = [[0], [-1], ...Array.from({ length: 25 }, (_, i) => [1 + i / 10])];
    const kept = await weightsOf(hardestOod({ share: 0.6 }), labels, line); // 0.6 * 25 is 15.000001 in float32
    expect(kept.slice(2).filter((row) => Math.max(...row) > 0)).toHaveLength(15);
  });

  test.each(cases)('$name: equal rows, one class, OoD alone: finite, and 0 where nothing is paired', async (one) => {
    const equal = Array.from({ length: 5 }, () => [0.6, 0.8, 0]);
    for (const labels of [
      [0, 0, 1, -1, -1],
      [1, 1, 1, 1, 1],
      [-1, -1, -2, -1, -7],
    ]) {
      for (const rows of [equal, rowsOf(5, 3)]) {
        for (const loss of [
          (x: tf.Tensor2D) => odmLoss(labels, x, { pairs: 'all', miner: one.miner }),
          (x: tf.Tensor2D) => tripletLoss(labels, x, { miner: tripletsOf(one.miner) }),
        ]) {
          const { value, gradient } = await valueAndGradient(loss, rows);
          expect(value).toSatisfy(Number.isFinite);
          expect(gradient.every(Number.isFinite)).toBe(true);
          if (labels[0]! < 0) expect([value, ...gradient].map(Math.abs)).toEqual(new Array(16).fill(0));
        }
      }
    }
  });

  test.each(cases)('$name: NaN shows', async ({ miner }) => {
    const rows = rowsOf(5, 9);
    rows[1]![1] = NaN;
    const { value } = await valueAndGradient((x) => odmLoss([0, 0, 1, -1, 1], x, { pairs: 'all', miner }), rows);
    expect(value).not.toSatisfy(Number.isFinite);
  });

  test('hardest and semi-hard: the choices in the tests of pytorch-metric-learning', async () => {
    const chosen = async (miner: PairMiner, rows: number[][]) => {
      const weights = await weightsOf(miner, pml.labels, rows);
      const most = (i: number, same: boolean) =>
        weights[i]!.flatMap((w, j) => (w > 0 && (pml.labels[i] === pml.labels[j]) === same ? [j] : []));
      return pml.labels.map((_, i) => ({ p: most(i, true), n: most(i, false) }));
    };
    const expectChoices = async (
      miner: PairMiner,
      rows: number[][],
      anchors: number[],
      p: number[][],
      n: number[][],
    ) => {
      const found = await chosen(miner, rows);
      expect(anchors.map((a) => found[a]!.p)).toEqual(p);
      expect(anchors.map((a) => found[a]!.n)).toEqual(n);
    };
    const anchors = [0, 1, 2, 3, 4, 6, 7, 8];
    // Ties, which they resolve either way, are shared: row 4 lies between rows 3 and 5.
    const positives = [[4], [4], [8], [8], [0], [2], [2], [2]];
    const negatives = [[2], [2], [1], [4], [3, 5], [5], [5], [5]];
    await expectChoices(hardestPairs(), pml.line, anchors, positives, negatives);
    const found = await chosen(semiHardPairs(), pml.line);
    expect([0, 1, 6, 7, 8].map((a) => [...found[a]!.p, ...found[a]!.n])).toEqual([
      [4, 5],
      [4, 5],
      [2, 1],
      [2, 1],
      [2, 1],
    ]);
    for (const a of [2, 3, 4, 5]) expect(found[a]!.n).toEqual([]); // which they leave out
    await expectChoices(
      semiHardPairs({ whichPositive: 'nearest' }),
      pml.line,
      anchors,
      [[1], [0], [3], [2], [1], [7], [6, 8], [7]],
      [[2], [3], [0, 4], [1, 5], [8], [4], [5], [5]],
    );
    // The same rows on a half circle: the farthest positive pair spans 120 degrees, the nearest negative 20.
    const weights = await weightsOf(hardestPairs(), pml.labels, sweep);
    const lengths = (same: boolean) =>
      anchors.flatMap((i) =>
        weights[i]!.flatMap((w, j) =>
          w > 0 && (pml.labels[i] === pml.labels[j]) === same ? [naive.distance(sweep[i]!, sweep[j]!)] : [],
        ),
      );
    expectClose(Math.max(...lengths(true)), Math.sqrt(3));
    expectClose(Math.min(...lengths(false)), 2 * Math.sin(Math.PI / 18));
  });

  test('batch-hard triplets on a line, as in the tests of pytorch-metric-learning', async () => {
    // d(a, p) = 4 3 6 5 4 4 5 6, d(a, n) = 2 1 1 1 1 1 2 3 of the eight anchors: gaps between 2 and 5.
    const gaps = [2, 2, 5, 4, 3, 3, 3, 3];
    for (const miner of [hardestTriplets(), tripletsOf(hardestPairs())]) {
      const { value } = await valueAndGradient((x) => tripletLoss(pml.labels, x, { margin: 0.2, miner }), pml.line);
      expectClose(value, gaps.reduce((sum, gap) => sum + gap + 0.2, 0) / 8, { relative: 1e-5 });
    }
  });

  test('their contrastive configuration: unit vectors at 0 to 80 degrees, squares, margin on the distance', async () => {
    const labels = [0, 0, 1, 1, 2];
    const chord = (degrees: number) => 2 * Math.sin((degrees * Math.PI) / 360);
    // Ordered pairs: positives all at 20 degrees; negatives at 20 (2 + 2), 40 (6), 60 (4), 80 (2).
    const mean = (4 * (1 - chord(20)) ** 2 + 6 * (1 - chord(40)) ** 2) / 16;
    const options = { pairs: 'all', margin: 1, power: 2 } as const;
    const rows = atAngles([0, 20, 40, 60, 80]);
    const { value } = await valueAndGradient((x) => contrastiveLoss(labels, x, options), rows);
    expectClose(value, 0.25 * (chord(20) ** 2 + mean));
    // The hardest negatives: at 40 degrees for rows 0, at 20 for all others.
    const hard = (4 * (1 - chord(20)) ** 2 + (1 - chord(40)) ** 2) / 5;
    const mined = await valueAndGradient(
      (x) => contrastiveLoss(labels, x, { ...options, miner: hardestPairs() }),
      rows,
    );
    expectClose(mined.value, 0.25 * (chord(20) ** 2 + hard));
  });

  test('distance-weighted: the distances of negatives are uniform up to the limit', async () => {
    // pytorch-metric-learning's configuration: 256 rows, a degree apart, two random classes, no cutoff, within 10 %.
    const random = seededRandom(2);
    const labels = Array.from({ length: 256 }, () => random.integer(2));
    const rows = atAngles(Array.from({ length: 256 }, (_, i) => i));
    const shortest = 2 * Math.sin(Math.PI / 360);
    for (const maxDistance of [0.49, 0.89, 1.39]) {
      for (const seed of [undefined, 5]) {
        const miner = distanceWeightedPairs({ cutoff: 1e-3, maxDistance, ...(seed === undefined ? {} : { seed }) });
        const weights = await weightsOf(miner, labels, rows);
        let [total, first, second] = [0, 0, 0];
        weights.forEach((row, i) =>
          row.forEach((w, j) => {
            if (labels[i] === labels[j]) return;
            const d = naive.distance(rows[i]!, rows[j]!);
            if (w > 0) expect(d).toBeLessThanOrEqual(maxDistance + 1e-3);
            total += w;
            first += w * d;
            second += w * d * d;
          }),
        );
        const mean = first / total;
        const variance = second / total - mean ** 2;
        expectClose(total, 256, { absolute: 0.1 });
        // One draw a row is 256 draws: the mean is known to 4 %, its variance to 6 %.
        const [meanWithin, varianceWithin] = seed === undefined ? [0.1, 0.1] : [0.15, 0.2];
        expectClose(mean, (maxDistance - shortest) / 2, { relative: meanWithin, absolute: 0 });
        expectClose(variance, (maxDistance - shortest) ** 2 / 12, { relative: varianceWithin, absolute: 0 });
      }
    }
  });

  test('distance-weighted: a draw a row, the same for one seed, by the weights over many seeds', async () => {
    const [labels, rows] = [[0, 0, 1, 2, -1, 1], rowsOf(6, 21)];
    const draw = (seed: number) => weightsOf(distanceWeightedPairs({ seed, maxDistance: 2 }), labels, rows);
    expect(await draw(3)).toEqual(await draw(3));
    const sums = rows.map(() => labels.map(() => 0));
    const runs = casesOn(backend, 400);
    for (let seed = 1; seed <= runs; seed++) {
      (await draw(seed)).forEach((row, i) => {
        expect(row.filter((w, j) => w > 0 && labels[i] !== labels[j])).toEqual([1]);
        row.forEach((w, j) => (sums[i]![j]! += w / runs));
      });
    }
    const expected = await weightsOf(distanceWeightedPairs({ maxDistance: 2 }), labels, rows);
    expectClose(sums.flat(), expected.flat(), { absolute: 2 / Math.sqrt(runs) }); // four standard errors
  });

  test('distance-weighted: no overflow in 512 dimensions, from opposite rows to equal ones', async () => {
    const size = 512;
    const row = (...values: number[]) => [...values, ...new Array<number>(size - values.length).fill(0)];
    const rows = [row(1), row(-1), row(1), row(0, 1), row(0.6, 0.8), row(0.8, 0.6)];
    const labels = [0, 1, 1, 2, -1, -1];
    const miner = distanceWeightedPairs({ maxDistance: 2 });
    const weights = await weightsOf(miner, labels, rows);
    expect(weights.flat().every(Number.isFinite)).toBe(true);
    const negatives = weights.map((w, i) => w.filter((_, j) => labels[i] !== labels[j]));
    expectClose(
      negatives.map((w) => w.reduce((a, b) => a + b, 0)),
      [1, 1, 1, 1, 1, 1],
      { absolute: 1e-3 },
    );
    const { gradient } = await valueAndGradient((x) => odmLoss(labels, x, { pairs: 'all', margin: 1, miner }), rows);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });

  test('hardest OoD: the nearest rows alone are pushed, known pairs stay; equally far rows go together', async () => {
    const labels = [0, 0, 1, -1, -1, -1, -1];
    const rows = [[0], [1], [10], [2], [13], [30], [50]]; // OoD rows at 1, 3, 20, 40 from a known one
    const taken = async (share: number, at = rows) => {
      const weights = await weightsOf(hardestOod({ share }), labels, at);
      expect(weights[0]!.slice(0, 3)).toEqual([0, 1, 1]);
      const row = weights[0]!.slice(3);
      for (const i of [1, 2]) expect(weights[i]!.slice(3)).toEqual(row);
      expect(weights.slice(3).map((w) => w[0])).toEqual(row); // both ways
      return row;
    };
    expect(await taken(0.01)).toEqual([1, 0, 0, 0]);
    expect(await taken(0.25)).toEqual([1, 0, 0, 0]);
    expect(await taken(0.26)).toEqual([1, 1, 0, 0]);
    expect(await taken(0.5)).toEqual([1, 1, 0, 0]);
    expect(await taken(1)).toEqual([1, 1, 1, 1]);
    const tied = [...rows.slice(0, 4), [11], [30], [50]];
    expect(await taken(0.25, tied)).toEqual([1, 1, 0, 0]);
  });

  test("a miner of one's own; a weight where there is no pair counts for nothing", async () => {
    const [labels, rows] = [[0, 0, 1, -1, -1, 1], rowsOf(6, 4)];
    const plain = await valueAndGradient((x) => odmLoss(labels, x, { pairs: 'all' }), rows);
    for (const miner of [
      ({ distances }) => tf.onesLike(distances),
      ({ positive, negative }) => tf.add(positive, negative),
      ({ distances }) => tf.mul<tf.Tensor2D>(0.01, tf.onesLike(distances)),
    ] satisfies PairMiner[]) {
      const mined = await valueAndGradient((x) => odmLoss(labels, x, { pairs: 'all', miner }), rows);
      expectClose(mined.value, plain.value, { relative: 1e-5 });
      expectClose(mined.gradient, plain.gradient, { relative: 1e-4, absolute: 1e-6 });
    }
  });

  test('options out of range', () => {
    const refuses = (call: () => unknown, message: string) => {
      expect(call).toThrow(ArgumentError);
      expect(call).toThrow(message);
    };
    const x = tf.tensor2d([[1], [2]]);
    refuses(
      () => contrastiveLoss([0, 1], x, { miner: hardestPairs() }),
      "contrastiveLoss: pairs must be 'all' with a miner or a memory, got halves",
    );
    refuses(
      () => semiHardPairs({ whichPositive: 'any' as 'nearest' }),
      'semiHardPairs: whichPositive must be one of farthest, nearest, got any',
    );
    refuses(() => distanceWeightedPairs({ cutoff: 0 }), 'distanceWeightedPairs: cutoff must be a number above 0');
    refuses(() => distanceWeightedPairs({ maxDistance: 0.5 }), 'maxDistance must be above the cutoff 0.5, got 0.5');
    refuses(() => distanceWeightedPairs({ maxDistance: 2.1 }), 'got 2.1');
    refuses(() => distanceWeightedPairs({ seed: 0.5 }), 'seed must be a whole number, got 0.5');
    for (const margin of [0, Infinity]) refuses(() => violatingPairs({ margin }), 'margin must be a number above 0');
    for (const share of [0, -1, 1.1, NaN])
      refuses(() => hardestOod({ share }), 'hardestOod: share must be a share above 0 and at most 1');
    x.dispose();
  });
});
