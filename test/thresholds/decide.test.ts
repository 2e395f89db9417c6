import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  ArgumentError,
  calibrate,
  conformalThreshold,
  decide,
  decideWith,
  seededRandom,
  ShapeError,
  type Calibration,
} from 'tfjs-ood';
import { classPValues, classThresholds, pValues } from 'tfjs-ood/thresholds';
import { classedArbitrary, meanOf, rateArbitrary, scoresArbitrary } from './arbitraries';

const golden = [0.1, 0.2, 0.3, 0.4, 0.4, 0.55];

afterEach(() => {
  vi.restoreAllMocks();
});

describe('decide', () => {
  test('agrees with both the threshold and the p-value', () => {
    fc.assert(
      fc.property(scoresArbitrary, scoresArbitrary, rateArbitrary, (scores, calibration, alpha) => {
        const { threshold } = conformalThreshold(calibration, alpha);
        const values = pValues(scores, calibration);
        const naive = scores.map((score, i) => ({
          score,
          pValue: values[i],
          isOod: score > threshold,
          threshold,
          nearestClass: undefined,
        }));
        const decisions = decide(scores, { calibration, alpha });
        expect(decisions).toEqual(naive);
        expect(decisions.every(({ isOod, pValue }) => isOod === pValue <= alpha)).toBe(true);
        expect(decideWith(calibrate(calibration), scores, { alpha })).toEqual(naive);
      }),
      { numRuns: 3000 },
    );
    expect(decide([0.6], { calibration: golden, alpha: 0.2, nearestClass: [3] })).toEqual([
      { score: 0.6, pValue: 1 / 7, isOod: true, threshold: 0.55, nearestClass: 3 },
    ]);
    expect(decide([0.55], { calibration: golden, alpha: 0.2 })[0]!.isOod).toBe(false); // at the threshold: in
    expect(decide([], { calibration: golden, alpha: 0.2 })).toEqual([]);
  });

  test('per class: each row by the scores of its class', () => {
    fc.assert(
      fc.property(classedArbitrary, classedArbitrary, rateArbitrary, (rows, cal, alpha) => {
        const thresholds = new Map(
          classThresholds(cal.scores, cal.classes, alpha).map(({ label, threshold }) => [label, threshold]),
        );
        const values = classPValues(rows.scores, rows.classes, cal.scores, cal.classes);
        const naive = rows.scores.map((score, i) => {
          const nearestClass = rows.classes[i]!;
          const threshold = thresholds.get(nearestClass) ?? Infinity;
          return { score, pValue: values[i], isOod: values[i]! <= alpha, threshold, nearestClass };
        });
        const [calibration, nearestClass] = [cal.scores, rows.classes];
        const decisions = decide(rows.scores, { calibration, calibrationClasses: cal.classes, nearestClass, alpha });
        expect(decisions).toEqual(naive);
        expect(decisions.every(({ isOod, score, threshold }) => isOod === score > threshold)).toBe(true);
        const ready = calibrate(calibration, { classes: cal.classes });
        expect(decideWith(ready, rows.scores, { alpha, nearestClass })).toEqual(naive);
      }),
      { numRuns: 3000 },
    );
  });

  test('a class with too few scores, or none, never alarms', () => {
    const options = { calibration: [1, 2, 3, 4, 5], calibrationClasses: [0, 0, 0, 0, 1], alpha: 0.2 };
    const decisions = decide([9, 9, 9], { ...options, nearestClass: [0, 1, 2] });
    expect(decisions.map(({ isOod }) => isOod)).toEqual([true, false, false]);
    expect(decisions.map(({ threshold }) => threshold)).toEqual([4, Infinity, Infinity]);
    expect(decisions.map(({ pValue }) => pValue)).toEqual([0.2, 0.5, 1]);
  });

  test('keeps the false-alarm rate within each class over 2,000 simulated sets, where one threshold for all does not', () => {
    const random = seededRandom(12);
    for (const step of [0, 0.5]) {
      // Class 1 has a third of the rows and scores three times as wide.
      const draw = (label: number) => {
        const score = random.normal() * (label === 0 ? 1 : 3);
        return step === 0 ? score : Math.round(score / step) * step;
      };
      const rows = (count: number) => Array.from({ length: count }, () => (random.uniform() < 1 / 3 ? 1 : 0));
      const rates = { each: [[], []] as number[][], all: [] as number[] };
      for (let set = 0; set < 2000; set++) {
        const [calibrationClasses, nearestClass] = [
          rows(150),
          [...Array(50).fill(0), ...Array(50).fill(1)] as number[],
        ];
        const [calibration, scores] = [calibrationClasses.map(draw), nearestClass.map(draw)];
        const each = decide(scores, { calibration, calibrationClasses, nearestClass, alpha: 0.1 });
        const all = decide(scores, { calibration, nearestClass, alpha: 0.1 });
        for (const label of [0, 1]) {
          rates.each[label]!.push(each.filter((one) => one.isOod && one.nearestClass === label).length / 50);
        }
        rates.all.push(all.filter((one) => one.isOod && one.nearestClass === 1).length / 50);
      }
      for (const sample of rates.each) {
        const { mean, error } = meanOf(sample);
        expect(mean).toBeLessThan(0.1 + 3 * error);
        expect(mean).toBeGreaterThan(0.05);
      }
      expect(meanOf(rates.all).mean).toBeGreaterThan(0.2);
    }
  });

  test('sorts a calibration once, and prepared ones never again', () => {
    const sort = vi.spyOn(Float64Array.prototype, 'sort');
    const random = seededRandom(1);
    const calibration = Float64Array.from({ length: 100_000 }, random.normal);
    const scores = Float64Array.from({ length: 1_000_000 }, random.normal);
    const decisions = decide(scores, { calibration, alpha: 0.05 });
    expect(sort).toHaveBeenCalledTimes(1);
    const rate = decisions.filter(({ isOod }) => isOod).length / scores.length;
    expect(rate).toBeGreaterThan(0.045);
    expect(rate).toBeLessThan(0.055);

    const ready = calibrate(calibration);
    sort.mockClear();
    for (let i = 0; i < 1000; i++) {
      expect(decideWith(ready, scores.subarray(i, i + 1), { alpha: 0.05 })[0]).toEqual(decisions[i]);
    }
    expect(sort).not.toHaveBeenCalled();
  });

  test('bad input', () => {
    expect(() => decide([1], { calibration: [], alpha: 0.5 })).toThrow(
      'decide: calibration must be at least one score',
    );
    expect(() => decide([1, NaN], { calibration: [1], alpha: 0.5 })).toThrow(
      'decide: scores must be finite scores, got NaN at index 1',
    );
    expect(() => decide([1], { calibration: [1], alpha: 1 })).toThrow('decide: alpha must be a share');
    expect(() => decide([1], { calibration: [1], alpha: 0.5, nearestClass: [] })).toThrow(ShapeError);
    expect(() => decide([1], { calibration: [1], alpha: 0.5, nearestClass: [-1] })).toThrow(
      'decide: nearestClass must be classes, whole numbers from 0, got -1 at index 0',
    );
    expect(() => decide([1], { calibration: [1, 2], alpha: 0.5, calibrationClasses: [0], nearestClass: [0] })).toThrow(
      'decide: calibrationClasses must be 2 classes, one for each score, got 1',
    );
    expect(() => decide([1], { calibration: [1], calibrationClasses: [0], alpha: 0.5 })).toThrow(
      'decide: nearestClass must be the class of each score, as the calibration is per class, got none',
    );
  });
});

describe('calibrate', () => {
  test('is plain data: ascending copies, which survive structuredClone', () => {
    fc.assert(
      fc.property(classedArbitrary, ({ scores, classes }) => {
        const before = [...scores];
        const ready = calibrate(scores, { classes });
        const ascending = (a: number, b: number) => a - b;
        expect([...ready.all]).toEqual([...before].sort(ascending));
        const labels = [...new Set(classes)].sort(ascending);
        expect([...ready.byClass!.keys()]).toEqual(labels);
        for (const [label, own] of ready.byClass!) {
          expect([...own]).toEqual(before.filter((_, i) => classes[i] === label).sort(ascending));
        }
        expect(scores).toEqual(before);
        const options = { alpha: 0.3, nearestClass: classes };
        expect(decideWith(structuredClone(ready), scores, options)).toEqual(decideWith(ready, scores, options));
      }),
      { numRuns: 500 },
    );
    expect(calibrate([2, 1])).toEqual({ all: Float64Array.of(1, 2) });
    expect(calibrate(Float32Array.of(2, -1)).all).toEqual(Float64Array.of(-1, 2));
  });

  test('bad input', () => {
    expect(() => calibrate([])).toThrow('calibrate: calibration must be at least one score, got none');
    expect(() => calibrate([1, 2], { classes: [0] })).toThrow('calibrate: classes must be 2 classes');
    expect(() => calibrate([1], { classes: null as never })).toThrow(ShapeError);
    expect(() => calibrate([1], { classes: [NaN] })).toThrow(ArgumentError);
    expect(() => decideWith([1, 2] as unknown as Calibration, [1], { alpha: 0.5 })).toThrow(
      'decideWith: calibration must be what calibrate() returns, got object',
    );
    expect(() => decideWith(calibrate([1], { classes: [0] }), [1], { alpha: 0.5 })).toThrow('decideWith: nearestClass');
    expect(() => decideWith(calibrate([1]), [1], { alpha: 0 })).toThrow('decideWith: alpha');
  });
});
