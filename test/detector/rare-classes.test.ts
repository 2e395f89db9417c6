import { afterEach, describe, expect, test, vi } from 'vitest';
import { ArgumentError, decodeSafetensors, encodeSafetensors, FormatError, seededRandom } from 'tfjs-ood';
import { fitOutputDetector, loadOutputDetector, scorerMethods } from 'tfjs-ood/detector';
import {
  ensemble,
  fdbd,
  mahalanobis,
  msp,
  nearestClassMean,
  nearestNeighbors,
  relativeMahalanobis,
  residual,
  vim,
  type NeighborIndexMaker,
  type ScorerMethod,
} from 'tfjs-ood/scorers';
import { rareClasses } from '../../src/detector/calibration/rare-classes';
import { onEachBackend } from '../on-each-backend';

const [CLASSES, SIZE] = [12, 12];

/**
 * Clusters on the axes of a head that knows them: six classes of many rows, and six of one each, spread among the rows.
 */
function longTail(seed: number, alone = 6) {
  const random = seededRandom(seed);
  const labels = Int32Array.from({ length: 120 }, (_, row) => (row % 20 === 7 ? 6 + (row - 7) / 20 : row % 6)).map(
    (label) => (label >= 6 + alone ? 0 : label),
  );
  const features = new Float32Array(labels.length * SIZE);
  labels.forEach((label, row) => {
    for (let i = 0; i < SIZE; i++) features[row * SIZE + i] = Math.abs(8 * Number(i === label) + 0.5 * random.normal());
  });
  const weights = Float32Array.from({ length: SIZE * CLASSES }, (_, at) =>
    Number(Math.floor(at / CLASSES) === at % CLASSES),
  );
  const shape = [labels.length, SIZE] as const;
  return {
    outputs: { features: { data: features, shape }, logits: { data: features.slice(), shape }, labels },
    head: { weights, bias: new Float32Array(CLASSES), shape: [SIZE, CLASSES] as const },
  };
}

afterEach(() => void vi.restoreAllMocks());
const silenced = () => vi.spyOn(console, 'warn').mockImplementation(() => undefined);

test('classes without a row, and the missing mass, by hand', () => {
  const labels = [3, 3, 9, 4, 4, 5, 2, 2, 2, 0];
  expect(rareClasses(labels, Int32Array.of(0, 1, 2, 6, 9))).toEqual({ classesWithoutRow: [4, 5], missingMass: 0.3 });
  expect(rareClasses([1, 1], Int32Array.of(0))).toEqual({ classesWithoutRow: [], missingMass: 0 });
});

onEachBackend('detectors of long-tailed classes', () => {
  test.each(Object.keys(scorerMethods).filter((kind) => kind !== 'odin'))('%s', async (kind) => {
    silenced();
    const { outputs, head } = longTail(2);
    // Of 96 rows the default subspaces and neighbors are too many; a class of one row has no covariance of its own.
    const small: Record<string, () => ScorerMethod> = {
      vim: () => vim({ dimension: 4 }),
      residual: () => residual({ dimension: 4 }),
      'nearest-neighbors': () => nearestNeighbors({ k: 3 }),
    };
    const scorer = (small[kind] ?? scorerMethods[kind]!)();
    let lost = 0;
    for (let seed = 1; seed <= 5; seed++) {
      const fitted = fitOutputDetector(outputs, { scorer, head, seed, alpha: 0.2 });
      const detector = await fitted;
      const { count, classesWithoutRow, missingMass } = detector.calibration;
      expect([count, missingMass]).toEqual([24, 6 / 120]);
      expect(classesWithoutRow.every((label) => label >= 6 && label < 12)).toBe(true);
      lost += classesWithoutRow.length;
      const again = loadOutputDetector(detector.toBytes(), { scorer });
      expect(again.calibration).toEqual(detector.calibration);
      const verdicts = await detector.predict(outputs);
      expect(verdicts.every(({ score }) => Number.isFinite(score))).toBe(true);
      expect(await again.predict(outputs)).toEqual(verdicts);
      detector.dispose();
      again.dispose();
    }
    if (kind !== 'class-gaussians') expect(lost).toBeGreaterThan(0);
  });

  const takingIn: Readonly<Record<string, () => ScorerMethod>> = {
    'class mean': () => nearestClassMean(),
    'class mean by angle': () => nearestClassMean({ distance: 'cosine' }),
    mahalanobis: () => mahalanobis(),
    'relative mahalanobis': () => relativeMahalanobis(),
    neighbors: () => nearestNeighbors({ k: 1 }),
    'mean of neighbors': () => nearestNeighbors({ k: 1, use: 'mean', normalize: 'none' }),
    ensemble: () => ensemble([nearestNeighbors({ k: 1 }), nearestClassMean()]),
  };
  test.each(Object.keys(takingIn))(
    '%s: rows of classes that were not fitted calibrate, and are known then',
    async (name) => {
      silenced();
      const { outputs } = longTail(3);
      const seed = 16;
      const fitted: number[][] = [];
      const method = takingIn[name]!();
      /** The scorer as it was fitted, which the calibration must be the scores of. */
      const plain: ScorerMethod = {
        ...method,
        async fit(blocks, options) {
          async function* watched() {
            for await (const block of blocks) {
              fitted.push(Array.from(block.labels));
              yield block;
            }
          }
          const { takeIn, ...rest } = await method.fit(watched(), options);
          expect(takeIn).toBeDefined();
          return rest;
        },
      };
      const before = await fitOutputDetector(outputs, { scorer: plain, seed });
      const after = await fitOutputDetector(outputs, { scorer: method, seed });
      const { classesWithoutRow } = after.calibration;
      expect(classesWithoutRow).toEqual([6, 7, 8, 9, 10, 11].filter((label) => !fitted.flat().includes(label)));
      expect(classesWithoutRow.length).toBeGreaterThan(0);
      expect(after.state.calibrations[0]).toEqual(before.state.calibrations[0]);
      const [old, now] = [await before.predict(outputs), await after.predict(outputs)];
      let fell = 0;
      now.forEach(({ score }, row) => {
        // Below 1e-20 a row is its own mean.
        expect(score).toBeLessThanOrEqual(old[row]!.score + 1e-5 * Math.abs(old[row]!.score) + 1e-20);
        if (classesWithoutRow.includes(outputs.labels[row]!) && score < old[row]!.score) fell++;
      });
      expect(fell).toBe(classesWithoutRow.length);
      before.dispose();
      after.dispose();
    },
  );

  test('what is saved is the scorer that took them in: its means by hand', async () => {
    silenced();
    const { outputs } = longTail(3);
    const detector = await fitOutputDetector(outputs, { scorer: nearestClassMean(), seed: 16 });
    const { labels, means } = detector.state.scorers[0]!.tensors;
    expect([...labels!.data]).toEqual(Array.from({ length: 12 }, (_, label) => label));
    for (const label of detector.calibration.classesWithoutRow) {
      const row = outputs.labels.indexOf(label);
      const own = [...outputs.features.data.slice(row * SIZE, (row + 1) * SIZE)];
      expect([...means!.data.slice(label * SIZE, (label + 1) * SIZE)]).toEqual(own);
    }
    detector.dispose();
  });

  test('a bank that is full, and an index, take nothing in', async () => {
    silenced();
    const { outputs } = longTail(3);
    const rowsOf = async (scorer: ScorerMethod) => {
      const detector = await fitOutputDetector(outputs, { scorer, seed: 16 });
      const lost = detector.calibration.classesWithoutRow.length;
      detector.dispose();
      return [detector.state.scorers[0]!.tensors.bank!.shape[0]! - 96, lost];
    };
    const [taken, lost] = await rowsOf(nearestNeighbors({ k: 3 }));
    expect(lost).toBeGreaterThan(1);
    expect(taken).toBe(lost);
    expect(await rowsOf(nearestNeighbors({ k: 3, bankSize: 96 }))).toEqual([0, lost]);
    expect(await rowsOf(nearestNeighbors({ k: 3, bankSize: 97 }))).toEqual([1, lost]);
    const index: NeighborIndexMaker = {
      kind: 'first',
      settings: {},
      build: () => ({
        search: (queries, k) => Int32Array.from({ length: (queries.length / SIZE) * k }, (_, i) => i % k),
        dispose: () => undefined,
      }),
    };
    expect(await rowsOf(nearestNeighbors({ k: 3, index }))).toEqual([0, lost]);
  });

  test('warns once where the missing mass is above a rate, naming each', async () => {
    const warn = silenced();
    const { outputs } = longTail(4);
    const fit = async (options: { alpha: number; cutPoints?: Record<string, number> }) => {
      warn.mockClear();
      (await fitOutputDetector(outputs, { scorer: mahalanobis(), ...options })).dispose();
      return warn.mock.calls.map(([said]) => String(said));
    };
    const [said, ...more] = await fit({ alpha: 0.04, cutPoints: { strict: 0.02, loose: 0.2 } });
    expect(more).toEqual([]);
    expect(said).toMatch(/^fitOutputDetector: 5\.0 % of the images are alone in their class/);
    expect(said).toContain('cutPoints.strict = 0.02, alpha = 0.04');
    expect(said).not.toContain('loose');
    expect(said).toContain('Label more images of rare classes');
    expect(await fit({ alpha: 0.05 })).toEqual([]); // equal is not above
  });

  test('a file whose figures are none is refused', async () => {
    const { outputs } = longTail(5, 0);
    const detector = await fitOutputDetector(outputs, { scorer: nearestClassMean() });
    expect(detector.calibration).toMatchObject({ count: 24, classesWithoutRow: [], missingMass: 0 });
    const { tensors, metadata } = decodeSafetensors(detector.toBytes());
    const broken = (change: object) => () =>
      loadOutputDetector(encodeSafetensors(tensors, { ...metadata, ...change }), { scorer: nearestClassMean() });
    expect(broken({ classesWithoutRow: '[3,3]' })).toThrow(FormatError);
    expect(broken({ classesWithoutRow: '[-1]' })).toThrow('metadata.classesWithoutRow must be ascending class indices');
    expect(broken({ missingMass: '1.5' })).toThrow('metadata.missingMass must be a share from 0 to 1');
    detector.dispose();
  });
});

describe('rates at which nothing could be called OoD', () => {
  /** Logits of which `equal` of 100 rows are all the same. */
  const withEqual = (equal: number) => {
    const random = seededRandom(1);
    const logits = Float32Array.from({ length: 300 }, (_, at) => (at < 3 * equal ? 1 : 4 * random.normal()));
    return { logits: { data: logits, shape: [100, 3] as const }, labels: new Int32Array(100) };
  };

  test('an error that says why, at the fit for each cut-point, and at another rate', async () => {
    const outputs = withEqual(30);
    const options = { scorer: msp(), calibrationShare: 0.5, seed: 3 };
    const detector = await fitOutputDetector(outputs, { ...options, alpha: 0.5 });
    const calibration = detector.state.calibrations[0]!;
    const reached = calibration.filter((score) => score === Math.fround(Math.log(3))).length;
    expect(reached).toBeGreaterThan(5);
    const least = (reached + 1) / 51;
    const why = `at least ${least}, or with another scorer (${reached} of 50 calibration scores are`;
    await expect(fitOutputDetector(outputs, { ...options, alpha: 0.1 })).rejects.toThrow(
      `fitOutputDetector: alpha must be ${why}`,
    );
    await expect(fitOutputDetector(outputs, { ...options, alpha: 0.5, cutPoints: { strict: 0.1 } })).rejects.toThrow(
      `cutPoints.strict must be ${why}`,
    );
    await expect(detector.predict(outputs, { cutPoint: 0.1 })).rejects.toThrow(`predict: cutPoint must be ${why}`);
    await expect(detector.predict(outputs, { cutPoint: reached / 51 })).rejects.toThrow(ArgumentError);
    // At the rate that the message names something is.
    const verdicts = await detector.predict(outputs, { cutPoint: least });
    expect(verdicts.some(({ isOod }) => isOod)).toBe(true);
    const again = loadOutputDetector(detector.toBytes(), { scorer: msp() });
    await expect(again.predict(outputs, { cutPoint: 0.1 })).rejects.toThrow(why);
    detector.dispose();
    again.dispose();
  });

  test('scores that are constant at their end', async () => {
    const error = fitOutputDetector(withEqual(100), { scorer: msp(), alpha: 0.3 });
    await expect(error).rejects.toThrow(
      /alpha must be another scorer \(all 20 calibration scores are 1\.098612.*, the largest that 'msp' can give/,
    );
    const head = { weights: Float32Array.of(1, 0, 0, 1), bias: new Float32Array(2), shape: [2, 2] as const };
    const features = { data: new Float32Array(80).fill(3), shape: [40, 2] as const };
    const labels = new Int32Array(40);
    const onBoundary = fitOutputDetector({ features, labels }, { scorer: fdbd(), head, alpha: 0.3 });
    await expect(onBoundary).rejects.toThrow('8 calibration scores are 0, the largest');
    const ends = fitOutputDetector(withEqual(100), { scorer: ensemble([msp()]), alpha: 0.3 });
    await expect(ends).rejects.toThrow("the largest that 'ensemble' can give");
  });

  test('relative Mahalanobis distances of one class are all 0', async () => {
    const random = seededRandom(2);
    const features = { data: Float32Array.from({ length: 200 }, random.normal), shape: [100, 2] as const };
    const labels = new Int32Array(100);
    for (const scorer of [relativeMahalanobis(), ensemble([relativeMahalanobis()])]) {
      await expect(fitOutputDetector({ features, labels }, { scorer })).rejects.toThrow('the largest that');
    }
  });

  test('too few scores are no such case, nor is a scorer without an end', async () => {
    const few = await fitOutputDetector(withEqual(100), {
      scorer: msp(),
      alpha: 0.01,
      calibration: 'held-out',
      acceptNoAlarm: true,
    });
    expect((await few.predict(withEqual(100)))[0]!.threshold).toBe(Infinity);
    few.dispose();
    const features = { data: new Float32Array(80).fill(3), shape: [40, 2] as const };
    const same = await fitOutputDetector(
      { features, labels: new Int32Array(40) },
      { scorer: nearestClassMean(), alpha: 0.2 },
    );
    const [verdict] = await same.predict({ features: { data: Float32Array.of(3, 3.1), shape: [1, 2] } });
    expect(verdict!.isOod).toBe(true);
    same.dispose();
  });
});
