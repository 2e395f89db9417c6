import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, seededRandom } from 'tfjs-ood';
import { pValueBand, pValues, type BandName } from 'tfjs-ood/thresholds';
import { crossingProbability } from '../../src/thresholds/bands/crossing-probability';
import { scoresArbitrary } from './arbitraries';
import { confidenceFixture } from './confidence-fixture';

const BANDS = ['dkw', 'simes', 'berk-jones'] as const;
const away = (found: ArrayLike<number>, expected: readonly number[]) =>
  Math.max(...expected.map((value, i) => Math.abs(found[i]! - value)));
const crossed = (count: number, band: BandName, confidence: number) =>
  crossingProbability(pValueBand(count, { band, confidence }).bounds);

describe('bands', () => {
  test('the probability that some bound is crossed is what mpmath has by another recursion', () => {
    for (const { bounds, crossed: expected } of confidenceFixture.crossings) {
      expect(Math.abs(crossingProbability(bounds) - expected)).toBeLessThan(1e-12);
    }
    const all = confidenceFixture.crossings.map((one) => one.crossed);
    expect(all.some((p) => p < 1e-3) && all.some((p) => p > 0.3)).toBe(true);
  });

  test('are those of their formulas in mpmath, Berk-Jones that of a bisection there', () => {
    for (const { count, confidence, simes, dkw, berkJones, dkwCrossed } of confidenceFixture.bands) {
      const bounds = (band: BandName) => pValueBand(count, { band, confidence }).bounds;
      expect(away(bounds('simes'), simes)).toBeLessThan(1e-13);
      expect(away(bounds('dkw'), dkw)).toBeLessThan(1e-13);
      expect(away(bounds('berk-jones'), berkJones)).toBeLessThan(1e-9);
      expect(Math.abs(crossed(count, 'dkw', confidence) - dkwCrossed)).toBeLessThan(1e-12);
    }
  });

  test.each([1, 2, 5, 33, 400, 3000])('%i scores: Simes and Berk-Jones hold exactly, DKW at least', (count) => {
    for (const delta of [0.5, 0.1, 0.05, 0.001]) {
      for (const band of ['simes', 'berk-jones'] as const) {
        expect(Math.abs(crossed(count, band, 1 - delta) / delta - 1)).toBeLessThan(1e-8);
      }
      expect(crossed(count, 'dkw', 1 - delta)).toBeLessThan(delta);
    }
    expect(crossed(count, 'dkw', 0.2)).toBeLessThan(0.8); // of two sides
  });

  test('rise, and above the marginal p-values in their first half', () => {
    for (const count of [1, 2, 3, 10, 101, 1000]) {
      for (const band of BANDS) {
        const { bounds, ...rest } = pValueBand(count, { band, confidence: 0.9 });
        expect(rest).toEqual({ band, count, confidence: 0.9 });
        expect(bounds).toHaveLength(count);
        bounds.forEach((bound, i) => {
          expect(bound).toBeGreaterThanOrEqual(i === 0 ? 0 : bounds[i - 1]!);
          expect(bound).toBeLessThanOrEqual(1);
          if (2 * i < count) expect(bound).toBeGreaterThan((i + 1) / (count + 1));
        });
      }
    }
  });

  test('the default is that of the smallest mean bound of marginal p-values up to 0.1', () => {
    const chosen = new Set<string>();
    for (const count of [1, 3, 9, 19, 60, 100, 300, 1000, 5000, 30_000]) {
      for (const confidence of [0.3, 0.9, 0.99]) {
        const means = BANDS.filter((band) => band !== 'berk-jones' || count <= 20_000).map((band) => {
          const { bounds } = pValueBand(count, { band, confidence });
          const small = [...bounds].filter((_, i) => i === 0 || (i + 1) / (count + 1) <= 0.1);
          return { band, mean: small.reduce((a, b) => a + b, 0) / small.length };
        });
        const best = Math.min(...means.map(({ mean }) => mean));
        const { band } = pValueBand(count, { confidence });
        expect(means.find((one) => one.band === band)!.mean).toBe(best);
        chosen.add(band);
      }
    }
    expect([...chosen].sort()).toEqual(['berk-jones', 'dkw', 'simes']);
  });

  test('ten thousand scores', () => {
    const { bounds, band } = pValueBand(10_000);
    expect(band).toBe('berk-jones');
    expect(Math.abs(crossingProbability(bounds) - 0.05)).toBeLessThan(1e-9);
  });

  test('what a caller does with the bounds changes no later ones', () => {
    const { bounds } = pValueBand(50);
    const before = bounds.slice();
    bounds.fill(0);
    expect(pValueBand(50).bounds).toEqual(before);
  });
});

describe('p-values for all thresholds at once', () => {
  test('are the bound of the rank, 1 where all calibration scores are reached', () => {
    fc.assert(
      fc.property(
        scoresArbitrary,
        scoresArbitrary,
        fc.constantFrom(undefined, ...BANDS),
        (scores, calibration, band) => {
          const confidence = 0.9;
          const { bounds } = pValueBand(calibration.length, { confidence, ...(band && { band }) });
          const naive = scores.map((score) => bounds[calibration.filter((one) => one >= score).length] ?? 1);
          expect([...pValues(scores, calibration, { confidence, ...(band && { band }) })]).toEqual(naive);
        },
      ),
      { numRuns: 500 },
    );
  });

  test.each(BANDS)('%s: no threshold has a rate above it, but for a share of calibrations', (band) => {
    const [count, confidence, draws] = [50, 0.8, 2000];
    const random = seededRandom(21);
    let failed = 0;
    for (let draw = 0; draw < draws; draw++) {
      const calibration = Float64Array.from({ length: count }, () => random.uniform()).sort();
      // Just above a calibration score the p-value is smallest for its rate, 1 - score.
      const values = pValues(
        calibration.map((score) => score + 1e-12),
        calibration,
        { confidence, band },
      );
      if (values.some((value, i) => 1 - calibration[i]! > value)) failed++;
    }
    const exact = crossed(count, band, confidence);
    expect(Math.abs(failed / draws - exact)).toBeLessThan(3 * Math.sqrt((exact * (1 - exact)) / draws));
  });

  test('bad input', () => {
    expect(() => pValues([1], [1], { band: 'dkw' })).toThrow(
      'pValues: confidence must be given where a band is, got none',
    );
    expect(() => pValueBand(0)).toThrow(ArgumentError);
    expect(() => pValueBand(1.5)).toThrow('pValueBand: count must be a whole number from 1');
  });
});
