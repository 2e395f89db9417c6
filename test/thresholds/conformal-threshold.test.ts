import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ArgumentError,
  calibrate,
  conformalThreshold,
  decideWith,
  NotFiniteError,
  seededRandom,
  ShapeError,
} from 'tfjs-ood';
import { classThresholds } from 'tfjs-ood/thresholds';
import { besides, classedArbitrary, meanOf, rateArbitrary, scoresArbitrary } from './arbitraries';

const golden = [0.1, 0.2, 0.3, 0.4, 0.4, 0.55];

describe('conformalThreshold', () => {
  test('golden values', () => {
    expect(conformalThreshold(golden, 0.2)).toEqual({ threshold: 0.55, alpha: 0.2, count: 6, smallestAlpha: 1 / 7 });
    expect(conformalThreshold([1, 2, 3, 4, 5, 6, 7, 8, 9], 0.7).threshold).toBe(3); // 10 * (1 - 0.7) > 3 in floats
    expect(conformalThreshold([1, 2, 3, 4, 5, 6, 7, 8, 9], 0.1).threshold).toBe(9);
    expect(conformalThreshold([-2, -1, -3], 0.25).threshold).toBe(-1);
    expect(conformalThreshold(Float32Array.of(0.1, 0.2, 0.3), 0.25).threshold).toBe(Math.fround(0.3));
  });

  test('too few scores: infinite, with the smallest alpha and the number that it takes', () => {
    const tooFew = conformalThreshold(golden, 0.1);
    expect(tooFew).toMatchObject({ threshold: Infinity, alpha: 0.1, count: 6, smallestAlpha: 1 / 7 });
    expect(tooFew.warning).toBe(
      '6 calibration scores allow no alpha below 1/7 (0.143); at alpha 0.1 nothing is called out of distribution, which ' +
        'takes 9 scores',
    );
    for (let n = 1; n <= 3000; n++) {
      const scores = new Float32Array(n);
      const { warning } = conformalThreshold(scores, 0.5 / (n + 1));
      const [, named, needed] = /\(([^)]+)\).*takes (\d+) scores/.exec(warning!)!;
      // What the message names does, and hardly less would.
      expect(conformalThreshold(scores, Number(named)).warning).toBeUndefined();
      expect(Number(named) * (n + 1)).toBeLessThan(1.01);
      expect(Number(needed)).toBe(2 * n + 1);
    }
    expect(conformalThreshold([1], 1e-300).threshold).toBe(Infinity);
    expect(conformalThreshold([1], Number.MIN_VALUE).warning).toContain('no alpha below 1/2 (0.5)');
  });

  test('is the smallest calibration score with at most alpha (n + 1) - 1 scores above it', () => {
    fc.assert(
      fc.property(scoresArbitrary, fc.integer({ min: 1, max: 99 }), (scores, hundredths) => {
        // One rounding: exact where it is whole
        const allowed = Math.floor((hundredths * (scores.length + 1)) / 100) - 1;
        const above = (t: number) => scores.filter((score) => score > t).length;
        const naive = [...scores].sort((a, b) => a - b).find((t) => above(t) <= allowed) ?? Infinity;
        expect(conformalThreshold(scores, hundredths / 100).threshold).toBe(naive);
      }),
      { numRuns: 3000 },
    );
  });

  test('n up to 2000 and every alpha in thousandths: as in whole numbers', () => {
    let wrong = 0;
    for (let n = 1; n <= 2000; n += process.env.FULL || n < 110 ? 1 : 17) {
      const calibration = calibrate(Float64Array.from({ length: n }, (_, i) => i));
      for (let k = 1; k < 1000; k++) {
        const alpha = k / 1000;
        const allowed = Math.trunc((k * (n + 1) - ((k * (n + 1)) % 1000)) / 1000); // floor(alpha (n + 1))
        // The score n + 1 - m has m - 1 calibration scores at or above it: the last alarm, and the first that is none.
        for (const m of [allowed, allowed + 1]) {
          if (m === 0) continue;
          const [decision] = decideWith(calibration, [n + 1 - m], { alpha });
          const { isOod, pValue, threshold } = decision!;
          if (isOod !== (m === allowed) || isOod !== pValue <= alpha || pValue !== m / (n + 1)) wrong++;
          if (threshold !== (allowed === 0 ? Infinity : n - allowed)) wrong++;
        }
      }
    }
    expect(wrong).toBe(0);
  });

  test('alpha = j / (n + 1) gives the j-th largest score, the smallest alpha the largest', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2000 }), fc.double({ min: 0, max: 1, noNaN: true }), (count, share) => {
        const scores = Float32Array.from({ length: count }, (_, i) => i);
        const allowed = 1 + Math.min(count - 1, Math.floor(share * count));
        const alpha = allowed / (count + 1);
        expect(conformalThreshold(scores, alpha).threshold).toBe(count - allowed);
        // A hair more or less is what rounding leaves of the same alpha; what differs in its first twelve digits is
        // another one.
        for (const step of [1, -1] as const) {
          expect(conformalThreshold(scores, besides(alpha, step)).threshold).toBe(count - allowed);
        }
        const less = allowed === 1 ? Infinity : count - allowed + 1;
        expect(conformalThreshold(scores, alpha * (1 - 1e-11)).threshold).toBe(less);
      }),
      { numRuns: 500 },
    );
    for (let n = 1; n < 1000; n++) {
      const { threshold, smallestAlpha } = conformalThreshold([...Array(n).keys()], 1 / (n + 1));
      expect([threshold, smallestAlpha]).toEqual([n - 1, 1 / (n + 1)]);
    }
  });

  test.each([
    [19, 0.05],
    [50, 0.1],
    [200, 0.05],
    [99, 0.3],
  ])('%i scores keep the false-alarm rate of %f over 2,000 simulated sets, with and without ties', (n, alpha) => {
    const random = seededRandom(4, n);
    const exact = Math.floor(alpha * (n + 1) + 1e-9) / (n + 1);
    for (const step of [0, 0.25, 1]) {
      const draw = () => (step === 0 ? random.normal() : Math.round(random.normal() / step) * step);
      const rates = Array.from({ length: 2000 }, () => {
        const { threshold } = conformalThreshold(Array.from({ length: n }, draw), alpha);
        let alarms = 0;
        for (let i = 0; i < 100; i++) if (draw() > threshold) alarms++;
        return alarms / 100;
      });
      const { mean, error } = meanOf(rates);
      expect(mean).toBeLessThan(alpha + 3 * error);
      if (step === 0) expect(Math.abs(mean - exact)).toBeLessThan(4 * error);
      else expect(mean).toBeLessThan(exact + 3 * error);
    }
  });

  test('bad input', () => {
    expect(() => conformalThreshold([], 0.1)).toThrow(
      'conformalThreshold: calibration must be at least one score, got none',
    );
    expect(() => conformalThreshold([1, NaN], 0.1)).toThrow(NotFiniteError);
    expect(() => conformalThreshold([1, NaN], 0.1)).toThrow('NaN at index 1');
    for (const alpha of [0, 1, -0.1, NaN, Infinity]) {
      expect(() => conformalThreshold([1], alpha)).toThrow(ArgumentError);
      expect(() => conformalThreshold([1], alpha)).toThrow(`conformalThreshold: alpha must be`);
    }
  });
});

describe('classThresholds', () => {
  test('are the conformal thresholds of each class alone, by ascending label', () => {
    fc.assert(
      fc.property(classedArbitrary, rateArbitrary, ({ scores, classes }, alpha) => {
        const labels = [...new Set(classes)].sort((a, b) => a - b);
        const naive = labels.map((label) => {
          const own = scores.filter((_, i) => classes[i] === label);
          const { warning, ...rest } = conformalThreshold(own, alpha);
          return { label, ...rest, ...(warning && { warning: warning.replace('scores', `scores of class ${label}`) }) };
        });
        expect(classThresholds(scores, classes, alpha)).toEqual(naive);
      }),
      { numRuns: 2000 },
    );
  });

  test('bad input', () => {
    expect(() => classThresholds([1, 2], [0], 0.1)).toThrow(ShapeError);
    expect(() => classThresholds([1, 2], [0], 0.1)).toThrow('classes must be 2 classes, one for each score, got 1');
    expect(() => classThresholds([1, 2], [0, -1], 0.1)).toThrow(
      'classThresholds: classes must be classes, whole numbers from 0, got -1 at index 1',
    );
    expect(() => classThresholds([], [], 0.1)).toThrow(ArgumentError);
    expect(() => classThresholds([1], [0], 1)).toThrow('classThresholds: alpha');
  });
});
