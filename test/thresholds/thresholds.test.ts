import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ArgumentError,
  benjaminiHochberg,
  classPValues,
  clopperPearson,
  conformalThreshold,
  decide,
  NotFiniteError,
  pValues,
  seededRandom,
  ShapeError,
  thresholdAtTpr,
} from 'tfjs-ood';
import { expectClose } from '../expect-close';

const golden = [0.1, 0.2, 0.3, 0.4, 0.4, 0.55];
// Few values, so that there are ties.
const scoresArbitrary = fc.array(
  fc.integer({ min: 0, max: 9 }).map((value) => value / 4),
  { minLength: 1, maxLength: 40 },
);
const alphaArbitrary = fc.integer({ min: 1, max: 99 }).map((value) => value / 100);

describe('conformalThreshold', () => {
  test('golden values', () => {
    expect(conformalThreshold(golden, 0.2).threshold).toBe(0.55);
    const tooFew = conformalThreshold(golden, 0.1);
    expect(tooFew.threshold).toBe(Infinity);
    expect(tooFew.smallestAlpha).toBe(1 / 7);
    expect(tooFew.warning).toContain('0.143');
    expect(conformalThreshold([1, 2, 3, 4, 5, 6, 7, 8, 9], 0.7).threshold).toBe(3); // 10 * (1 - 0.7) > 3 in floats
  });

  test('is the smallest calibration score with at most alpha (n + 1) - 1 scores above it', () => {
    fc.assert(
      fc.property(scoresArbitrary, alphaArbitrary, (scores, alpha) => {
        const above = (t: number) => scores.filter((score) => score > t).length;
        const allowed = alpha * (scores.length + 1) - 1 + 1e-9;
        const naive = [...scores].sort((a, b) => a - b).find((t) => above(t) <= allowed) ?? Infinity;
        expect(conformalThreshold(scores, alpha).threshold).toBe(naive);
      }),
    );
  });

  test('keeps the false-alarm rate, over many draws of calibration and test data', () => {
    const random = seededRandom(4);
    for (const [n, alpha] of [
      [19, 0.05],
      [50, 0.1],
      [200, 0.05],
    ] as const) {
      let alarms = 0;
      const trials = 4000;
      for (let i = 0; i < trials; i++) {
        const { threshold } = conformalThreshold(Array.from({ length: n }, random.normal), alpha);
        if (random.normal() > threshold) alarms++;
      }
      // Exact rate floor(alpha (n+1)) / (n+1); four standard errors of the simulation.
      const rate = Math.floor(alpha * (n + 1) + 1e-9) / (n + 1);
      expect(Math.abs(alarms / trials - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / trials));
    }
  });
});

describe('p-values', () => {
  test('equal the count of calibration scores at or above', () => {
    fc.assert(
      fc.property(scoresArbitrary, scoresArbitrary, (scores, calibration) => {
        const naive = scores.map((s) => (1 + calibration.filter((c) => c >= s).length) / (calibration.length + 1));
        expect([...pValues(scores, calibration)]).toEqual(naive);
        expect(Math.max(...naive)).toBeLessThanOrEqual(1);
      }),
    );
    expect(pValues([], [1])).toHaveLength(0);
  });

  test('per class', () => {
    const values = classPValues([0.9, 0.9, 0.9], [0, 1, 7], [0.1, 0.95, 0.2], [0, 1, 0]);
    expect([...values]).toEqual([1 / 3, 1, 1]);
    expect(() => classPValues([1], [0, 1], [1], [0])).toThrow(ShapeError);
    expect(() => classPValues([1], [0], [1], [])).toThrow('calibrationLabels must be 1 labels, got 0');
  });

  test('decide agrees with both the threshold and the p-value', () => {
    fc.assert(
      fc.property(scoresArbitrary, scoresArbitrary, alphaArbitrary, (scores, calibration, alpha) => {
        for (const { score, pValue, isOod, threshold } of decide(scores, { calibration, alpha })) {
          expect(isOod).toBe(pValue <= alpha + 1e-12);
          expect(isOod).toBe(score > threshold);
        }
      }),
    );
    expect(decide([0.6], { calibration: golden, alpha: 0.2, nearestClass: [3] })).toEqual([
      { score: 0.6, pValue: 1 / 7, isOod: true, threshold: 0.55, nearestClass: 3 },
    ]);
  });
});

describe('benjaminiHochberg', () => {
  test('rejects the k smallest, k the largest that passes', () => {
    expect(benjaminiHochberg([0.01, 0.04, 0.5], 0.1)).toEqual([true, true, false]);
    // The second fails its own bound, but the third passes.
    expect(benjaminiHochberg([0.3, 0.001, 0.07, 0.075], 0.1)).toEqual([false, true, true, true]);
    expect(benjaminiHochberg([0.5, 0.9], 0.1)).toEqual([false, false]);
    expect(benjaminiHochberg([], 0.1)).toEqual([]);
  });
});

describe('thresholdAtTpr', () => {
  test('Clopper-Pearson equals SciPy', () => {
    type Row = { successes: number; trials: number; confidence: number; interval: number[] };
    const rows = JSON.parse(readFileSync(new URL('../fixtures/thresholds.json', import.meta.url), 'utf8')) as Row[];
    for (const { successes, trials, confidence, interval } of rows) {
      expectClose(clopperPearson(successes, trials, confidence), interval, { absolute: 1e-12 });
    }
  });

  test('keeps at least the share asked for, and no smaller score does', () => {
    fc.assert(
      fc.property(scoresArbitrary, alphaArbitrary, (scores, tpr) => {
        const kept = (t: number) => scores.filter((score) => score <= t).length / scores.length;
        const result = thresholdAtTpr(scores, { tpr });
        expect(result.tpr).toBe(kept(result.threshold));
        expect(result.tpr).toBeGreaterThanOrEqual(tpr - 1e-9);
        for (const smaller of scores.filter((score) => score < result.threshold))
          expect(kept(smaller)).toBeLessThan(tpr);
        expect(result.interval[0]).toBeLessThanOrEqual(result.tpr);
        expect(result.interval[1]).toBeGreaterThanOrEqual(result.tpr);
      }),
    );
  });
});

test('bad input', () => {
  expect(() => conformalThreshold([], 0.1)).toThrow(
    'conformalThreshold: calibration must be at least one score, got none',
  );
  expect(() => conformalThreshold([1], 0)).toThrow('alpha must be a rate between 0 and 1, both excluded, got 0');
  expect(() => conformalThreshold([1], NaN)).toThrow(ArgumentError);
  expect(() => pValues([1, NaN], [1])).toThrow('pValues: scores must be finite scores, got NaN at index 1');
  expect(() => pValues([1], [Infinity])).toThrow(NotFiniteError);
  expect(() => benjaminiHochberg([0.1, 1.1], 0.1)).toThrow('1.1 at index 1');
  expect(() => clopperPearson(3, 2)).toThrow('successes must be a whole number from 0 to 2, got 3');
  expect(() => decide([1], { calibration: [1], alpha: 0.5, nearestClass: [] })).toThrow(ShapeError);
});
