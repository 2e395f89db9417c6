import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calibrate, conformalThreshold, decide, decideWith } from 'tfjs-ood';
import {
  benjaminiHochberg,
  calibrationSizeFor,
  classThresholds,
  conformalCoverage,
  pValues,
} from 'tfjs-ood/thresholds';
import { allowedAlarms, countAllowing } from '../../src/thresholds/allowed-alarms';

const ascending = (n: number) => Float64Array.from({ length: n }, (_, i) => i);

/** Ways in which people come to the rate k / n. */
const ways: [string, (k: number, n: number) => number][] = [
  ['k / n', (k, n) => k / n],
  ['1 - share kept', (k, n) => 1 - (n - k) / n],
  ['1 - k times', (k, n) => 1 - (n - k) * (1 / n)],
  ['k times 1 / n', (k, n) => k * (1 / n)],
  ['percent', (k, n) => ((100 * k) / n) * 0.01],
  ['percent left', (k, n) => (100 - (100 * (n - k)) / n) / 100],
  ['sum of two', (k, n) => (k - 0.5) / n + 0.5 / n],
  ['difference', (k, n) => (k + 0.25) / n - 0.25 / n],
  ['ratio', (k, n) => k / 7 / (n / 7)],
];

test('alpha = 1 - 0.9 is 0.1: nine scores are enough for an alarm, everywhere', () => {
  const alpha = 1 - 0.9;
  expect(alpha).toBeLessThan(0.1);
  const nine = ascending(9);
  expect(conformalThreshold(nine, alpha)).toEqual({ threshold: 8, alpha, count: 9, smallestAlpha: 0.1 });
  expect(decide([9], { calibration: nine, alpha })[0]).toMatchObject({ isOod: true, pValue: 0.1, threshold: 8 });
  const classes = nine.map(() => 2);
  expect(classThresholds(nine, classes, alpha)[0]!.threshold).toBe(8);
  const [own] = decideWith(calibrate(nine, { classes }), [9], { alpha, nearestClass: [2] });
  expect(own!.isOod).toBe(true);
  expect(conformalCoverage(9, alpha)).toEqual(conformalCoverage(9, 0.1));
  expect(calibrationSizeFor(alpha, 0.05)).toBe(calibrationSizeFor(0.1, 0.05));
  expect(benjaminiHochberg(pValues([9], nine), alpha)).toEqual([true]);
  expect(conformalThreshold(ascending(8), alpha).warning).toContain('which takes 9 scores');
});

describe('a rate k / (n + 1) allows k alarms, however it was computed', () => {
  const countAndAlarms = fc
    .integer({ min: 1, max: 1_000_000 })
    .chain((n) => fc.tuple(fc.constant(n), fc.oneof(fc.integer({ min: 1, max: n }), fc.constantFrom(1, n))));
  test.each(ways)('%s', (_, rate) => {
    fc.assert(
      fc.property(countAndAlarms, ([n, k]) => {
        const alpha = rate(k, n + 1);
        fc.pre(alpha > 0 && alpha < 1);
        expect(allowedAlarms(n, alpha)).toBe(k);
        expect(countAllowing(k, alpha)).toBe(n);
        expect(conformalCoverage(n, alpha)).toEqual(conformalCoverage(n, k / (n + 1)));
      }),
      { numRuns: 500 },
    );
  });

  test.each(ways)('%s: threshold, p-value and false discovery rate agree', (_, rate) => {
    const few = fc.integer({ min: 1, max: 40 }).chain((n) => fc.tuple(fc.constant(n), fc.integer({ min: 1, max: n })));
    fc.assert(
      fc.property(few, ([n, k]) => {
        const alpha = rate(k, n + 1);
        // The score n - m + 1/2 has m scores above it, a p-value of (m + 1) / (n + 1): an alarm where m < k.
        const scores = Float64Array.from({ length: n + 1 }, (__, m) => n - m - 0.5);
        const decisions = decide(scores, { calibration: ascending(n), alpha });
        expect(decisions.map(({ isOod }) => isOod)).toEqual([...scores.keys()].map((m) => m < k));
        const alone = decisions.map(({ pValue }) => benjaminiHochberg([pValue], alpha)[0]);
        expect(alone).toEqual(decisions.map(({ isOod }) => isOod));
      }),
      { numRuns: 500 },
    );
  });
});

test('rates that differ by more than rounding stay apart, small ones too', () => {
  for (const n of [9, 99, 999_999, 1e9 - 1]) {
    for (const k of [1, 2, 5]) {
      const alpha = k / (n + 1);
      const apart = Math.max(2 ** -49, alpha * 1e-14); // of 1e-9 that is two millionths
      expect([allowedAlarms(n, alpha), allowedAlarms(n, alpha - apart)]).toEqual([k, k - 1]);
    }
  }
  for (const alpha of [1e-11, 1e-14, 1e-300]) {
    expect(countAllowing(1, alpha) * alpha).toBeGreaterThan(0.999_99);
    expect(allowedAlarms(1e9, alpha)).toBe(0);
  }
  // Other tests have p-values far smaller than conformal ones.
  expect(benjaminiHochberg([1.00001e-20], 1e-20)).toEqual([false]);
  expect(benjaminiHochberg([1e-20, 0.5], 2e-20)).toEqual([true, false]);
});

test('a rate that rounds to 1 allows no more alarms than there are scores', () => {
  const alpha = 1 - 2 ** -53;
  expect(conformalThreshold([3, 1, 2], alpha).threshold).toBe(1);
  expect(decide([1, 1.5], { calibration: [3, 1, 2], alpha }).map(({ isOod }) => isOod)).toEqual([false, true]);
});
