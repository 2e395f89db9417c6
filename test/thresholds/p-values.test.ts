import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, NotFiniteError, seededRandom, ShapeError } from 'tfjs-ood';
import { benjaminiHochberg, classPValues, pValues } from 'tfjs-ood/thresholds';
import { classedArbitrary, meanOf, scoresArbitrary } from './arbitraries';
import { fixture } from './fixture';

const naivePValue = (score: number, calibration: number[]) =>
  (1 + calibration.filter((c) => c >= score).length) / (calibration.length + 1);

describe('p-values', () => {
  test('equal the count of calibration scores at or above', () => {
    fc.assert(
      fc.property(scoresArbitrary, scoresArbitrary, (scores, calibration) => {
        const naive = scores.map((s) => naivePValue(s, calibration));
        expect([...pValues(scores, calibration)]).toEqual(naive);
        expect([...pValues(Float32Array.from(scores), Float32Array.from(calibration))]).toEqual(naive);
      }),
      { numRuns: 3000 },
    );
    expect(pValues([], [1])).toHaveLength(0);
    expect([...pValues([-0, 0], [0, -0])]).toEqual([1, 1]);
  });

  test('per class: against the scores of the own class', () => {
    fc.assert(
      fc.property(classedArbitrary, classedArbitrary, (rows, cal) => {
        const naive = rows.scores.map((s, i) =>
          naivePValue(
            s,
            cal.scores.filter((_, j) => cal.classes[j] === rows.classes[i]),
          ),
        );
        expect([...classPValues(rows.scores, rows.classes, cal.scores, cal.classes)]).toEqual(naive);
      }),
      { numRuns: 2000 },
    );
    expect([...classPValues([0.9, 0.9, 0.9], [0, 1, 7], [0.1, 0.95, 0.2], [0, 1, 0])]).toEqual([1 / 3, 1, 1]);
  });

  test('are as NumPy counts them', () => {
    for (const batch of fixture.batches) expect([...pValues(batch.scores, batch.calibration)]).toEqual(batch.pValues);
  });

  test('are not below alpha more often than in a share alpha of 2,000 simulated sets, at any alpha', () => {
    const random = seededRandom(6);
    const draw = () => Math.round(random.normal() * 5) / 5;
    const values = Array.from({ length: 2000 }, () => pValues([draw()], Array.from({ length: 39 }, draw))[0]!);
    for (const alpha of [0.025, 0.05, 0.1, 0.3, 0.5, 0.8]) {
      const share = values.filter((p) => p <= alpha).length / values.length;
      expect(share).toBeLessThan(alpha + 3 * Math.sqrt((alpha * (1 - alpha)) / values.length));
    }
  });

  test('bad input', () => {
    expect(() => pValues([1, NaN], [1])).toThrow('pValues: scores must be finite scores, got NaN at index 1');
    expect(() => pValues([1], [Infinity])).toThrow(NotFiniteError);
    expect(() => pValues([1], [])).toThrow('pValues: calibration must be at least one score, got none');
    expect(() => classPValues([1], [0, 1], [1], [0])).toThrow(ShapeError);
    expect(() => classPValues([1], [0], [1], [])).toThrow(
      'classPValues: calibrationLabels must be 1 classes, one for each score, got 0',
    );
    expect(() => classPValues([1], [0], [1], undefined as never)).toThrow('calibrationLabels must be 1 classes');
    expect(() => classPValues([1], [0.5], [1], [0])).toThrow(
      'labels must be classes, whole numbers from 0, got 0.5 at',
    );
    expect(() => classPValues([1], [0], [NaN], [0])).toThrow('classPValues: calibration must be finite');
  });
});

describe('benjaminiHochberg', () => {
  test('rejects the k smallest, k the largest that passes', () => {
    expect(benjaminiHochberg([0.01, 0.04, 0.5], 0.1)).toEqual([true, true, false]);
    // The second fails its own bound, but the third passes.
    expect(benjaminiHochberg([0.3, 0.001, 0.07, 0.075], 0.1)).toEqual([false, true, true, true]);
    expect(benjaminiHochberg([0.5, 0.9], 0.1)).toEqual([false, false]);
    expect(benjaminiHochberg([], 0.1)).toEqual([]);
    expect(benjaminiHochberg([0.15], 0.15)).toEqual([true]);
    expect(benjaminiHochberg([0, 0, 1], 0.001)).toEqual([true, true, false]);
  });

  test('as in whole numbers, where p-values equal their bounds', () => {
    const tenths = fc.integer({ min: 1, max: 20 }); // p = c / 20
    fc.assert(
      fc.property(fc.array(tenths, { maxLength: 25 }), fc.integer({ min: 1, max: 99 }), (counts, hundredths) => {
        // Reject c where some k >= its rank has the k-th smallest c_k / 20 <= k * hundredths / 100 / n.
        const sorted = [...counts].sort((a, b) => a - b);
        let largest = 0;
        sorted.forEach((c, i) => {
          if (c * 100 * counts.length <= (i + 1) * hundredths * 20) largest = c;
        });
        const naive = counts.map((c) => c <= largest);
        expect(
          benjaminiHochberg(
            counts.map((c) => c / 20),
            hundredths / 100,
          ),
        ).toEqual(naive);
      }),
      { numRuns: 3000 },
    );
  });

  test('is as NumPy has it', () => {
    for (const { pValues: values, rate, rejected } of fixture.batches) {
      expect(benjaminiHochberg(values, rate)).toEqual(rejected);
    }
    expect(fixture.batches.some(({ rejected }) => rejected.includes(true))).toBe(true);
  });

  test('keeps the false discovery rate over 2,000 simulated batches that share a calibration set each', () => {
    const random = seededRandom(8);
    for (const step of [0, 0.5]) {
      const draw = () => (step === 0 ? random.normal() : Math.round(random.normal() / step) * step);
      const [known, odd, rate] = [30, 10, 0.2];
      let found = 0;
      const shares = Array.from({ length: 2000 }, () => {
        const scores = Array.from({ length: known + odd }, (_, i) => draw() + (i < known ? 0 : 4));
        const calibration = Array.from({ length: 99 }, draw);
        const rejected = benjaminiHochberg(pValues(scores, calibration), rate);
        const alarms = rejected.filter(Boolean).length;
        found += rejected.slice(known).filter(Boolean).length;
        return alarms === 0 ? 0 : rejected.slice(0, known).filter(Boolean).length / alarms;
      });
      const { mean, error } = meanOf(shares);
      expect(mean).toBeLessThan((rate * known) / (known + odd) + 3 * error);
      expect(found / (2000 * odd)).toBeGreaterThan(0.5);
    }
  });

  test('bad input', () => {
    expect(() => benjaminiHochberg([0.1, 1.1], 0.1)).toThrow('values must be p-values in [0, 1], got 1.1 at index 1');
    expect(() => benjaminiHochberg([NaN], 0.1)).toThrow(ArgumentError);
    expect(() => benjaminiHochberg([-0.1], 0.1)).toThrow(ArgumentError);
    expect(() => benjaminiHochberg([0.1], 1)).toThrow('benjaminiHochberg: rate must be a share between 0 and 1');
    expect(() => benjaminiHochberg(0.1 as never, 0.5)).toThrow('values must be an array of p-values, got 0.1');
  });
});
