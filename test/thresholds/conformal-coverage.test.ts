import { describe, expect, test } from 'vitest';
import { ArgumentError, conformalThreshold, seededRandom } from 'tfjs-ood';
import { calibrationSizeFor, conformalCoverage } from 'tfjs-ood/thresholds';
import { expectClose } from '../expect-close';
import { fixture } from './fixture';

describe('conformalCoverage', () => {
  test("equals SciPy's beta quantiles", () => {
    expect(fixture.coverage.length).toBeGreaterThan(200);
    for (const [count, alpha, confidence, lower, upper] of fixture.coverage) {
      expectClose(conformalCoverage(count, alpha, confidence), [lower, upper], { absolute: 1e-12 });
    }
  });

  test('has the rates of 2,000 simulated calibration draws in it, as many as it says', () => {
    const random = seededRandom(31);
    for (const [n, alpha, confidence] of [
      [50, 0.1, 0.9],
      [200, 0.05, 0.5],
      [30, 0.3, 0.95],
    ] as const) {
      const [lower, upper] = conformalCoverage(n, alpha, confidence);
      let [below, above, aboveWithTies] = [0, 0, 0];
      for (let draw = 0; draw < 2000; draw++) {
        // Of uniform scores the share above a threshold t is 1 - t.
        const scores = Array.from({ length: n }, random.uniform);
        const rate = 1 - conformalThreshold(scores, alpha).threshold;
        if (rate < lower) below++;
        if (rate > upper) above++;
        const tied = conformalThreshold(
          scores.map((score) => Math.floor(score * 20)),
          alpha,
        ).threshold;
        if (1 - (tied + 1) / 20 > upper) aboveWithTies++;
      }
      const tail = (1 - confidence) / 2;
      const tolerance = 4 * Math.sqrt((tail * (1 - tail)) / 2000);
      expectClose([below / 2000, above / 2000], [tail, tail], { absolute: tolerance });
      expect(aboveWithTies).toBeLessThanOrEqual(above);
    }
  });

  test('is [0, 0] where nothing can alarm', () => {
    expect(conformalCoverage(8, 0.1)).toEqual([0, 0]);
    expect(conformalCoverage(9, 0.1)[1]).toBeGreaterThan(0.1);
  });

  test('bad input', () => {
    expect(() => conformalCoverage(0, 0.1)).toThrow('conformalCoverage: count must be a whole number from 1');
    expect(() => conformalCoverage(10, 0)).toThrow('conformalCoverage: alpha');
    expect(() => conformalCoverage(10, 0.1, 1)).toThrow('conformalCoverage: confidence');
  });
});

describe('calibrationSizeFor', () => {
  test.each([
    [0.05, 0.02, 0.95],
    [0.05, 0.05, 0.95],
    [0.1, 0.02, 0.9],
    [0.1, 0.3, 0.95],
    [0.03, 0.011, 0.9],
    [0.07, 0.013, 0.8],
    [0.3, 0.04, 0.99],
    [0.37, 0.02, 0.5],
    [0.5, 0.1, 0.95],
    [0.9, 0.03, 0.95],
    [0.99, 0.004, 0.9],
    [0.01, 0.01, 0.5],
    [0.6180339887, 0.02, 0.7],
  ])(
    'alpha %f within %f with confidence %f: one fewer does not fit, and all from it do',
    (alpha, within, confidence) => {
      const fits = (count: number) => {
        const [lower, upper] = conformalCoverage(count, alpha, confidence);
        return upper > 0 && lower >= alpha - within && upper <= alpha + within;
      };
      const size = calibrationSizeFor(alpha, within, confidence);
      expect(size === 1 || !fits(size - 1)).toBe(true);
      for (let count = size; count < 2 * size + 100; count++) if (!fits(count)) expect.fail(`${count} does not fit`);
    },
  );

  test('small borders are found in little time', () => {
    expect(calibrationSizeFor(0.05, 0.001)).toBeGreaterThan(180_000);
    expect(calibrationSizeFor(0.05, 0.001)).toBeLessThan(190_000);
  });

  test('bad input', () => {
    expect(() => calibrationSizeFor(0.05, 1e-6)).toThrow(ArgumentError);
    expect(() => calibrationSizeFor(0.05, 1e-6)).toThrow(
      'calibrationSizeFor: alpha, within must be such that 100000000 calibration scores do, got 0.05, 0.000001',
    );
    expect(() => calibrationSizeFor(1e-300, 0.5)).toThrow(ArgumentError);
    expect(() => calibrationSizeFor(0, 0.1)).toThrow('calibrationSizeFor: alpha');
    expect(() => calibrationSizeFor(0.1, 0)).toThrow('calibrationSizeFor: within');
    expect(() => calibrationSizeFor(0.1, 0.1, 1)).toThrow('calibrationSizeFor: confidence');
  });
});
