import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, conformalThreshold, NotFiniteError, ShapeError } from 'tfjs-ood';
import { calibrateSets, classProbabilities, fitTemperature, predictionSets } from 'tfjs-ood/thresholds';
import { confidenceFixture } from './confidence-fixture';

const rowsOf = (data: ArrayLike<number>, classes: number) => ({
  data,
  shape: [data.length / classes, classes] as [number, number],
});

describe('fitTemperature', () => {
  test('is where SciPy finds the minimum', () => {
    for (const { classes, logits, labels, temperature, nll, nllBefore } of confidenceFixture.temperatures) {
      const found = fitTemperature(rowsOf(logits, classes), labels, { least: 1e-4, most: 1e4 });
      expect(found.warning).toBeUndefined();
      expect(Math.abs(found.temperature / temperature - 1)).toBeLessThan(1e-6); // as near as a minimum shows
      expect(found.nll).toBeLessThanOrEqual(nll + 1e-13);
      expect(found.nll).toBeCloseTo(nll, 12);
      expect(Math.abs(found.nllBefore - nllBefore)).toBeLessThan(1e-10 * nllBefore);
      expect(found.count).toBe(labels.length);
      // Both sides are worse: the slope, not the value, says how near.
      const mean = (t: number) => {
        const { data } = classProbabilities(rowsOf(logits, classes), { temperature: t });
        let sum = 0;
        labels.forEach((_, row) => {
          for (let c = 0; c < classes; c++) sum += data[row * classes + c]! * logits[row * classes + c]!;
          sum -= logits[row * classes + labels[row]!]!;
        });
        return sum;
      };
      expect(mean(found.temperature * 1.000001)).toBeLessThan(0);
      expect(mean(found.temperature / 1.000001)).toBeGreaterThan(0);
    }
  });

  test('logits that are multiplied have a temperature that is', () => {
    const { classes, logits, labels } = confidenceFixture.temperatures[1]!;
    const { temperature } = fitTemperature(rowsOf(logits, classes), labels);
    for (const factor of [0.1, 3]) {
      const found = fitTemperature(
        rowsOf(
          Float64Array.from(logits, (z) => 7 + factor * z),
          classes,
        ),
        labels,
      );
      expect(found.temperature / temperature / factor).toBeCloseTo(1, 8);
    }
  });

  test('a likelihood without a maximum within the limits: the limit, said', () => {
    const right = fitTemperature(rowsOf([3, 1, 0, 2], 2), [0, 1]);
    expect(right).toMatchObject({ temperature: 0.01, count: 2 });
    expect(right.warning).toContain('still grows as the temperature falls: the temperature is the limit, 0.01');
    expect(fitTemperature(rowsOf([3, 1, 0, 2], 2), [0, 1], { least: 0.5 }).temperature).toBe(0.5);
    const wrong = fitTemperature(rowsOf([3, 1, 0, 2], 2), [1, 0]);
    expect(wrong.temperature).toBe(100);
    expect(wrong.warning).toContain('as the temperature rises');
    // All of one class, not all right: there is one.
    expect(fitTemperature(rowsOf([3, 1, 3, 1, 0, 1], 2), [0, 0, 0]).warning).toBeUndefined();
  });

  test('bad input', () => {
    expect(() => fitTemperature(rowsOf([1, 2], 1), [0, 0])).toThrow('two classes at least');
    expect(() => fitTemperature(rowsOf([1, 1, 2, 2], 2), [0, 1])).toThrow(
      'fitTemperature: logits must be different within some row, got rows of equal logits',
    );
    expect(() => fitTemperature(rowsOf([1, NaN], 2), [0])).toThrow(NotFiniteError);
    expect(() => fitTemperature(rowsOf([1, 2, 1, Infinity], 2), [0, 0])).toThrow('got Infinity for class 1 of row 1');
    expect(() => fitTemperature(rowsOf([1, 2], 2), [2])).toThrow(ArgumentError);
    expect(() => fitTemperature(rowsOf([1, 2], 2), [-1])).toThrow(ArgumentError);
    expect(() => fitTemperature(rowsOf([1, 2], 2), [0, 1])).toThrow(ShapeError);
    expect(() => fitTemperature({ data: [1, 2, 3], shape: [2, 2] }, [0, 1])).toThrow(ShapeError);
    expect(() => fitTemperature({ data: [], shape: [0, 2] }, [])).toThrow('one row and one class at least, got [0, 2]');
    expect(() => fitTemperature([[1, 2]] as never, [0])).toThrow('await its data()');
    expect(() => fitTemperature(rowsOf([1, 2], 2), [0], { least: 2, most: 1 })).toThrow(
      'least must be at most most, 1',
    );
  });
});

test('classProbabilities: the softmax, for logits of any size', () => {
  const { data, shape } = classProbabilities(rowsOf([1000, 1000 + Math.log(3), -1000, 0, 0, 0], 2), {
    temperature: 0.5,
  });
  expect(shape).toEqual([3, 2]);
  [0.1, 0.9, 0, 1, 0.5, 0.5].forEach((p, i) => expect(data[i]).toBeCloseTo(p, 12));
});

/** Rows of whole hundredths, some of them equal. */
const probabilitiesOf = (classes: number) =>
  fc
    .array(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: classes, maxLength: classes }), {
      minLength: 1,
      maxLength: 25,
    })
    .map((rows) => rows.map((row) => row.map((x) => (x + 0.01) / (row.reduce((a, b) => a + b, 0) + 0.01 * classes))));

describe('predictionSets', () => {
  test('lac: classes whose probability is no less than what the labels had, but for a share alpha', () => {
    fc.assert(
      fc.property(
        probabilitiesOf(4),
        probabilitiesOf(4),
        fc.integer({ min: 1, max: 99 }),
        (known, asked, hundredths) => {
          const labels = known.map((_, i) => i % 4);
          const alpha = hundredths / 100;
          const calibration = calibrateSets(rowsOf(known.flat(), 4), labels);
          const scores = known.map((row, i) => 1 - row[labels[i]!]!);
          const { threshold } = conformalThreshold(scores, alpha);
          const found = predictionSets(calibration, rowsOf(asked.flat(), 4), { alpha });
          expect(found.threshold).toBe(threshold);
          found.sets.forEach(({ classes, isEmpty }, i) => {
            const row = asked[i]!;
            const naive = [0, 1, 2, 3].filter((c) => 1 - row[c]! <= threshold);
            expect([...classes].sort()).toEqual(naive);
            expect(isEmpty).toBe(naive.length === 0);
            classes.slice(1).forEach((c, k) => expect(row[c]).toBeLessThanOrEqual(row[classes[k]!]!));
          });
          expect(found.empty).toBe(found.sets.filter(({ classes }) => classes.length === 0).length);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('aps: the first classes, the last of them by a draw that the row itself decides', () => {
    fc.assert(
      fc.property(probabilitiesOf(4), fc.integer({ min: 1, max: 99 }), (asked, hundredths) => {
        const known = [[0.7, 0.1, 0.1, 0.1], [0.4, 0.3, 0.2, 0.1], [0.25, 0.25, 0.3, 0.2]]; // prettier-ignore
        const calibration = calibrateSets(rowsOf(known.flat(), 4), [1, 0, 3], { method: 'aps', seed: 5 });
        const { sets, threshold } = predictionSets(calibration, rowsOf(asked.flat(), 4), { alpha: hundredths / 100 });
        sets.forEach(({ classes }, i) => {
          const row = asked[i]!;
          const order = [0, 1, 2, 3].sort((a, b) => row[b]! - row[a]! || a - b);
          expect(classes).toEqual(order.slice(0, classes.length));
          // Romano, Sesia, Candes: the shortest list that reaches the threshold, or one class less
          const sums = order.map((_, k) => order.slice(0, k + 1).reduce((sum, c) => sum + row[c]!, 0));
          const reach = sums.findIndex((sum) => sum >= threshold);
          const longest = reach < 0 ? 4 : reach + 1;
          expect([longest - 1, longest]).toContain(classes.length);
        });
        // Row by row as in one call
        asked.forEach((row, i) => {
          expect(predictionSets(calibration, rowsOf(row, 4), { alpha: hundredths / 100 }).sets[0]).toEqual(sets[i]);
        });
      }),
      { numRuns: 300 },
    );
  });

  test('aps: scores are the probability before the label and a share of its own; the seed changes the share', () => {
    const rows = rowsOf(Array.from({ length: 400 }, (_, i) => [0.5 + i / 2000, 0.3 - i / 2000, 0.2]).flat(), 3);
    const shares = [1, 2].map((seed) => {
      const { scores } = calibrateSets(rows, new Int32Array(400), { method: 'aps', seed });
      return scores.map((score) => score / 0.5); // at least the share
    });
    expect(shares[0]).not.toEqual(shares[1]);
    const one = calibrateSets(rowsOf([0.5, 0.3, 0.2], 3), [1], { method: 'aps' }).scores[0]!;
    const first = calibrateSets(rowsOf([0.5, 0.3, 0.2], 3), [0], { method: 'aps' }).scores[0]!;
    const last = calibrateSets(rowsOf([0.5, 0.3, 0.2], 3), [2], { method: 'aps' }).scores[0]!;
    const draw = first / 0.5;
    expect(draw > 0 && draw < 1).toBe(true);
    expect(one).toBeCloseTo(0.5 + 0.3 * draw, 12);
    expect(last).toBeCloseTo(0.8 + 0.2 * draw, 12);
    // -0 is 0
    expect(calibrateSets(rowsOf([1, 0], 2), [0], { method: 'aps' })).toEqual(
      calibrateSets(rowsOf([1, -0], 2), [0], { method: 'aps' }),
    );
  });

  test('too few rows: every class, with a warning; with a confidence more are needed', () => {
    const known = rowsOf(Array.from({ length: 30 }, (_, i) => [0.5 + i / 100, 0.5 - i / 100]).flat(), 2);
    const calibration = calibrateSets(known, new Int32Array(30));
    const asked = rowsOf([1, 0], 2);
    expect(predictionSets(calibration, asked, { alpha: 0.05 }).warning).toBeUndefined();
    const found = predictionSets(calibration, asked, { alpha: 0.05, confidence: 0.95 });
    expect(found).toMatchObject({ threshold: Infinity, sets: [{ classes: [0, 1], isEmpty: false }], empty: 0 });
    expect(found.warning).toContain('at alpha 0.05 no class is left out of a set, which takes 59 scores');
  });

  test('bad input', () => {
    const calibration = calibrateSets(rowsOf([0.5, 0.5], 2), [0]);
    expect(() => calibrateSets(rowsOf([2, -1], 2), [0])).toThrow(
      'probabilities in [0, 1] (logits: classProbabilities)',
    );
    expect(() => calibrateSets(rowsOf([0.5, 0.4], 2), [0])).toThrow('got a sum of 0.9 in row 0');
    expect(() => calibrateSets(rowsOf([0.5, 0.5], 2), [2])).toThrow(ArgumentError);
    expect(() => calibrateSets(rowsOf([0.5, 0.5], 2), [0, 1])).toThrow(ShapeError);
    expect(() => predictionSets(calibration, rowsOf([1, 0, 0], 3), { alpha: 0.1 })).toThrow(ShapeError);
    expect(() => predictionSets({} as never, rowsOf([1, 0], 2), { alpha: 0.1 })).toThrow(
      'what calibrateSets() returns',
    );
    expect(() => predictionSets(calibration, rowsOf([NaN, 0], 2), { alpha: 0.1 })).toThrow(NotFiniteError);
  });
});
