import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, FormatError, decodeSafetensors, encodeSafetensors, seededRandom } from 'tfjs-ood';
import { fitOutputDetector, loadOutputDetector, scorerMethods } from 'tfjs-ood/detector';
import { entropy, mahalanobis, nearestNeighbors } from 'tfjs-ood/scorers';
import { chooseMethod } from '../../../src/detector/calibration/choose-method';
import { crossGuarantee, foldRows } from '../../../src/detector/calibration/cross-fit';
import { onEachBackend } from '../../on-each-backend';

const SIZE = 4;

/** Rows of two classes, apart. */
function rowsOf(count: number, seed: number, away = 0) {
  const random = seededRandom(seed);
  const labels = Int32Array.from({ length: count }, (_, row) => row % 2);
  const data = Float32Array.from(
    { length: count * SIZE },
    (_, at) => 5 * labels[Math.floor(at / SIZE)]! + away + random.normal(),
  );
  return { features: { data, shape: [count, SIZE] as const }, labels };
}

const scorer = () => nearestNeighbors({ k: 2, normalize: 'none' });

/** Distance to the second nearest of some rows, by a loop; squared or not does not matter to ranks. */
function naiveScores(rows: Float32Array[], bank: Float32Array[]): number[] {
  return rows.map((row) => {
    const distances = bank.map((other) => row.reduce((sum, value, i) => sum + (value - other[i]!) ** 2, 0));
    return distances.sort((a, b) => a - b)[1]!;
  });
}

const splitRows = ({ data }: { data: Float32Array }) =>
  Array.from({ length: data.length / SIZE }, (_, row) => data.subarray(row * SIZE, (row + 1) * SIZE));

onEachBackend('few rows', () => {
  test('folds: the p-values of Vovk, by hand', async () => {
    const [known, fresh] = [rowsOf(23, 1), rowsOf(40, 2, 0.8)];
    const detector = await fitOutputDetector(known, { scorer: scorer(), alpha: 0.05, seed: 4 });
    expect(detector.calibration).toMatchObject({ count: 23, method: 'cross', smallestAlpha: 1 / 24, canAlarm: true });
    const verdicts = await detector.predict({ features: fresh.features });

    const [all, asked] = [splitRows(known.features), splitRows(fresh.features)];
    const above = asked.map(() => 0);
    for (const fold of foldRows(23, 5, 4)) {
      const bank = all.filter((_, row) => !fold.includes(row));
      const own = naiveScores(
        [...fold].map((row) => all[row]!),
        bank,
      );
      naiveScores(asked, bank).forEach((score, i) => (above[i]! += own.filter((one) => one >= score).length));
    }
    verdicts.forEach(({ pValue, isOod, threshold }, i) => {
      expect(pValue).toBeCloseTo((1 + above[i]!) / 24, 12);
      expect(isOod).toBe((1 + above[i]!) / 24 <= 0.05);
      expect(threshold).toBeUndefined();
    });
    expect(new Set(verdicts.map(({ isOod }) => isOod)).size).toBe(2);
    detector.dispose();
  });

  test('saved and loaded they say the same, and nothing is left', async () => {
    const [known, fresh] = [rowsOf(30, 1), rowsOf(10, 2, 1)];
    const before = tf.memory().numTensors;
    const detector = await fitOutputDetector(known, { scorer: mahalanobis(), folds: 3, calibration: 'cross' });
    const again = loadOutputDetector(detector.toBytes(), { scorer: mahalanobis() });
    expect(again.calibration).toEqual(detector.calibration);
    expect(await again.predict({ features: fresh.features })).toEqual(
      await detector.predict({ features: fresh.features }),
    );
    expect(again.toBytes()).toEqual(detector.toBytes());
    detector.dispose();
    again.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('a new calibration: its scores decide, the scorer stays', async () => {
    const [known, later, fresh] = [rowsOf(120, 1), rowsOf(50, 3, 2), rowsOf(30, 5, 2)];
    const before = tf.memory().numTensors;
    const detector = await fitOutputDetector(known, { scorer: scorer() });
    const moved = await detector.recalibrate({ features: later.features });
    const both = await detector.recalibrate({ features: later.features }, { keep: true });
    const merged = detector.mergeCalibration(moved);
    const scores = async (rows: typeof later) =>
      (await detector.predict({ features: rows.features })).map((verdict) => verdict.score);
    const [own, asked] = [await scores(later), await scores(fresh)];
    expect([moved, both, merged].map(({ calibration }) => calibration.count)).toEqual([50, 74, 74]);
    const verdicts = await moved.predict({ features: fresh.features });
    verdicts.forEach(({ pValue, score }, i) => {
      expect(score).toBe(asked[i]);
      expect(pValue).toBeCloseTo((1 + own.filter((one) => one >= asked[i]!).length) / 51, 12);
    });
    expect(both.state.calibrations).toEqual(merged.state.calibrations);
    detector.dispose(); // the others live on
    expect((await moved.predict({ features: fresh.features })).length).toBe(30);
    await expect(detector.predict({ features: fresh.features })).rejects.toThrow(
      'fitOutputDetector.predict: detector must be one that is in use, got one after dispose()',
    );
    for (const one of [moved, both, merged]) one.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('a calibration of folds', () => {
  test('anew: one list of scores, of the mean of the scorers', async () => {
    const [known, later, fresh] = [rowsOf(24, 1), rowsOf(40, 3), rowsOf(9, 5, 1)];
    const detector = await fitOutputDetector(known, { scorer: scorer() });
    const moved = await detector.recalibrate({ features: later.features });
    expect(moved.calibration).toMatchObject({ count: 40, method: 'held-out', guarantee: 0.05 });
    const score = async (rows: typeof later) => (await detector.predict(rows)).map((verdict) => verdict.score);
    const [own, asked] = [await score(later), await score(fresh)];
    const reloaded = loadOutputDetector(moved.toBytes(), { scorer: scorer() });
    for (const one of [moved, reloaded]) {
      const verdicts = await one.predict(fresh);
      verdicts.forEach(({ pValue, threshold, isOod }, i) => {
        expect(pValue).toBeCloseTo((1 + own.filter((value) => value >= asked[i]!).length) / 41, 12);
        expect(isOod).toBe(asked[i]! > threshold!);
      });
    }
    await expect(detector.recalibrate(later, { keep: true })).rejects.toThrow('keep must be false');
    expect(() => detector.mergeCalibration(moved)).toThrow('detector must be calibrated by held-out images');
    expect(() => moved.mergeCalibration(detector)).toThrow('other must be calibrated by held-out images');
  });

  test.each(Object.keys(scorerMethods).filter((kind) => kind !== 'odin'))('of %s', async (kind) => {
    const random = seededRandom(3);
    const [count, size, classes] = [80, 6, 3];
    const weights = Float32Array.from({ length: size * classes }, () => random.normal());
    const bias = new Float32Array(classes);
    const rows = (n: number) => {
      const features = Float32Array.from({ length: n * size }, () => Math.abs(random.normal()) + 0.1);
      const logits = Float32Array.from({ length: n * classes }, (_, at) => {
        const [row, c] = [Math.floor(at / classes), at % classes];
        return Array.from({ length: size }).reduce<number>(
          (sum, __, i) => sum + features[row * size + i]! * weights[i * classes + c]!,
          0,
        );
      });
      const labels = Int32Array.from({ length: n }, (_, row) => {
        const own = logits.subarray(row * classes, (row + 1) * classes);
        return own.indexOf(Math.max(...own)); // rightly classified, as she wants them
      });
      return {
        features: { data: features, shape: [n, size] as const },
        logits: { data: logits, shape: [n, classes] as const },
        labels,
      };
    };
    const options = { scorer: scorerMethods[kind]!(), head: { weights, bias, shape: [size, classes] as const } };
    const detector = await fitOutputDetector(rows(count), options);
    expect(detector.calibration).toMatchObject({ count, method: 'cross' });
    const { features, logits } = rows(10);
    const verdicts = await detector.predict({ features, logits });
    const again = loadOutputDetector(detector.toBytes(), options);
    expect(await again.predict({ features, logits })).toEqual(verdicts);
    for (const { pValue } of verdicts) expect(Math.round(pValue * (count + 1))).toBeCloseTo(pValue * (count + 1), 9);
    detector.dispose();
    again.dispose();
  });

  test('parts are as equal as they go, and a permutation', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), fc.integer({ min: 2, max: 9 }), fc.integer(), (count, k, seed) => {
        fc.pre(count >= k);
        const folds = foldRows(count, k, seed);
        const sizes = folds.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(folds.flatMap((rows) => [...rows]).sort((a, b) => a - b)).toEqual(Array.from(Array(count).keys()));
      }),
    );
  });

  test('the guarantee: of the paper, and of as many folds as rows 2 alpha', () => {
    // 2 * 0.05 + min(2 (1 - 1/5) / (100/5 + 1), (1 - 5/100) / 6) = 0.1 + 1.6 / 21
    expect(crossGuarantee(100, 5, 0.05)).toBeCloseTo(0.1 + 1.6 / 21, 12);
    expect(crossGuarantee(20, 20, 0.05)).toBeCloseTo(0.1, 12);
    expect(crossGuarantee(20, 5, 0.05)).toBeCloseTo(0.1 + (1 - 5 / 20) / 6, 12);
    expect(crossGuarantee(20, 2, 0.6)).toBe(1);
  });

  test('rows of damaged files are refused', async () => {
    const detector = await fitOutputDetector(rowsOf(24, 1), { scorer: scorer(), folds: 2 });
    const { tensors, metadata } = decodeSafetensors(detector.toBytes());
    const load =
      (changed: typeof tensors, texts = metadata) =>
      () =>
        loadOutputDetector(encodeSafetensors(changed, texts), { scorer: scorer() });
    const { calibration1, ...fewer } = tensors;
    expect(calibration1).toBeDefined();
    expect(load(fewer)).toThrow(FormatError);
    expect(load(tensors, { ...metadata, method: '"held-out"' })).toThrow(FormatError);
    expect(load(tensors, { ...metadata, options: '{}' })).toThrow(FormatError);
    expect(load(tensors)).not.toThrow();
  });
});

describe('which way', () => {
  const choice = { calibration: undefined, folds: 5, acceptNoAlarm: false, confidence: undefined } as const;
  const choose = (
    count: number,
    rates: Record<string, number> = { default: 0.05 },
    given: Partial<Parameters<typeof chooseMethod>[1]> = {},
    needs: ('features' | 'images')[] = ['features'],
  ) => chooseMethod('f', { ...choice, ...given }, { kind: 'k', needs }, rates, { count, held: Math.round(count / 5) });

  test('held-out rows where they are enough for every rate, folds where all rows are', () => {
    expect(choose(95)).toBe('held-out');
    expect(choose(92)).toBe('cross'); // 18 held out
    expect(choose(19)).toBe('cross');
    expect(choose(95, { default: 0.05, strict: 0.02 })).toBe('cross');
    expect(choose(95, { default: 0.05, strict: 0.02 }, { calibration: 'cross' })).toBe('cross');
    expect(choose(500, { default: 0.05 }, { calibration: 'cross' })).toBe('cross');
  });

  test('too few: an error says how many it takes, unless that is accepted', () => {
    expect(() => choose(18)).toThrow(
      'f: alpha must be at least 0.05264, as 18 images calibrate (a rate of 0.05 takes 19; with fewer nothing, however ' +
        'strange, is called out of distribution. { acceptNoAlarm: true } gives p-values alone), got 0.05',
    );
    expect(() => choose(60, { default: 0.05 }, { calibration: 'held-out' })).toThrow(
      'as 12 images calibrate (a rate of 0.05 takes 19, some 95 images in all;',
    );
    expect(() => choose(60, { default: 0.05 }, {}, ['images'])).toThrow('some 95 images in all');
    expect(() => choose(95, { default: 0.05, strict: 0.001 })).toThrow('f: cutPoints.strict must be at least 0.01042');
    expect(choose(18, { default: 0.05 }, { acceptNoAlarm: true })).toBe('held-out');
    expect(() => choose(60, { default: 0.05 }, { calibration: 'cross' }, ['images'])).toThrow(
      "calibration must be 'held",
    );
    expect(() => choose(4, { default: 0.5 }, { calibration: 'cross' })).toThrow('folds must be at most 4');
  });

  test('a detector that can never alarm is one that was asked for', async () => {
    const few = rowsOf(12, 1);
    await expect(fitOutputDetector(few, { scorer: scorer() })).rejects.toThrow(ArgumentError);
    const detector = await fitOutputDetector(few, {
      scorer: nearestNeighbors({ k: 1, normalize: 'none' }),
      acceptNoAlarm: true,
    });
    expect(detector.calibration).toMatchObject({ count: 2, canAlarm: false, smallestAlpha: 1 / 3 });
    const far = rowsOf(1, 9, 100);
    expect((await detector.predict(far))[0]).toMatchObject({ isOod: false, threshold: Infinity, pValue: 1 / 3 });
    expect((await detector.predict(far, { cutPoint: 0.4 }))[0]).toMatchObject({ isOod: true });
  });

  test('a prediction at a rate that these rows do not allow', async () => {
    const detector = await fitOutputDetector(rowsOf(120, 1), { scorer: scorer() });
    await expect(detector.predict(rowsOf(1, 2), { cutPoint: 0.01 })).rejects.toThrow(
      'cutPoint must be at least 0.04, as 24 images calibrate (a rate of 0.01 takes 99',
    );
  });

  test('merging takes the same scorer', async () => {
    const fit = (seed: number) => fitOutputDetector(rowsOf(120, seed), { scorer: scorer() });
    const [one, other] = [await fit(1), await fit(2)];
    expect(() => one.mergeCalibration(other)).toThrow('other must be a detector with the same fitted scorer');
    expect(() => one.mergeCalibration({} as never)).toThrow('other must be a detector, got {');
  });

  test('scores that end: of folds too', async () => {
    const data = Float32Array.from({ length: 40 }, () => 0);
    const flat = { logits: { data, shape: [20, 2] as const } };
    await expect(fitOutputDetector(flat, { scorer: entropy() })).rejects.toThrow('the largest that');
  });
});
