import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArgumentError, NotFiniteError, seededRandom, ShapeError } from 'tfjs-ood';
import { expectedCalibrationError } from 'tfjs-ood/metrics';

/** Confidences in hundredths, so that some are ends of bins and some tie. */
const answers = fc.array(fc.record({ sure: fc.integer({ min: 50, max: 100 }), right: fc.boolean() }), {
  minLength: 1,
  maxLength: 60,
});
const rowsOf = (given: readonly { sure: number; right: boolean }[]) => ({
  probabilities: { data: given.flatMap(({ sure }) => [sure / 100, 1 - sure / 100]), shape: [given.length, 2] as const },
  labels: given.map(({ right }) => (right ? 0 : 1)),
});

function naive(
  given: readonly { sure: number; right: boolean }[],
  isIn: (sure: number, bin: number) => boolean,
  bins: number,
) {
  let [ece, mce] = [0, 0];
  for (let bin = 0; bin < bins; bin++) {
    const own = given.filter(({ sure }) => isIn(sure, bin));
    if (own.length === 0) continue;
    const confidence = own.reduce((sum, { sure }) => sum + sure / 100, 0) / own.length;
    const gap = Math.abs(own.filter(({ right }) => right).length / own.length - confidence);
    ece += (own.length / given.length) * gap;
    mce = Math.max(mce, gap);
  }
  return { ece, mce };
}

test('of bins of one width, upper ends included, is that of naive loops', () => {
  fc.assert(
    fc.property(answers, fc.constantFrom(1, 2, 4, 5, 10, 20, 25), (given, bins) => {
      const { probabilities, labels } = rowsOf(given);
      const found = expectedCalibrationError(probabilities, labels, { bins });
      const expected = naive(given, (sure, bin) => sure * bins > 100 * bin && sure * bins <= 100 * (bin + 1), bins);
      expect(found.ece).toBeCloseTo(expected.ece, 12);
      expect(found.mce).toBeCloseTo(expected.mce, 12);
      expect(found.bins.reduce((sum, { count }) => sum + count, 0)).toBe(given.length);
      expect(found.count).toBe(given.length);
      expect(found.accuracy).toBeCloseTo(given.filter(({ right }) => right).length / given.length, 12);
      expect(found.confidence).toBeCloseTo(given.reduce((sum, { sure }) => sum + sure / 100, 0) / given.length, 12);
      for (const { lower, upper, confidence, count } of found.bins) {
        expect(count).toBeGreaterThan(0);
        expect(confidence > lower - 1e-12 && confidence <= upper + 1e-12).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
});

test('of bins of as many rows: ties stay together, the order of the rows says nothing', () => {
  fc.assert(
    fc.property(answers, fc.integer({ min: 1, max: 12 }), (given, bins) => {
      const sorted = given.map(({ sure }) => sure).sort((a, b) => a - b);
      const ends = Array.from({ length: bins }, (_, i) => sorted[Math.ceil(((i + 1) * sorted.length) / bins) - 1]!);
      const binOf = (sure: number) => ends.findIndex((end) => sure <= end);
      const { probabilities, labels } = rowsOf(given);
      const found = expectedCalibrationError(probabilities, labels, { bins, binning: 'equal-mass' });
      const expected = naive(given, (sure, bin) => binOf(sure) === bin, bins);
      expect(found.ece).toBeCloseTo(expected.ece, 12);
      expect(found.mce).toBeCloseTo(expected.mce, 12);
      const turned = rowsOf([...given].reverse());
      const other = expectedCalibrationError(turned.probabilities, turned.labels, { bins, binning: 'equal-mass' });
      expect(other.ece).toBeCloseTo(found.ece, 12);
    }),
    { numRuns: 1000 },
  );
});

test('probabilities that come true have nearly none, those of a model that is too sure what it is too sure by', () => {
  const random = seededRandom(3);
  const given = Array.from({ length: 20_000 }, () => 50 + random.integer(51)).map((sure) => ({
    sure,
    right: random.uniform() < sure / 100,
  }));
  const { probabilities, labels } = rowsOf(given);
  expect(expectedCalibrationError(probabilities, labels).ece).toBeLessThan(0.015);
  const sure = { ...probabilities, data: given.flatMap(() => [0.95, 0.05]) };
  const { accuracy, ece } = expectedCalibrationError(sure, labels);
  expect(ece).toBeCloseTo(0.95 - accuracy, 12);
});

test('bad input', () => {
  const rows = { data: [0.5, 0.5], shape: [1, 2] as const };
  expect(() => expectedCalibrationError({ data: [3, -2], shape: [1, 2] }, [0])).toThrow('probabilities in [0, 1]');
  expect(() => expectedCalibrationError({ data: [0.5, 0.1], shape: [1, 2] }, [0])).toThrow('sum to 1 in each row');
  expect(() => expectedCalibrationError({ data: [NaN, 1], shape: [1, 2] }, [0])).toThrow(NotFiniteError);
  expect(() => expectedCalibrationError(rows, [-1])).toThrow(ArgumentError);
  expect(() => expectedCalibrationError(rows, [2])).toThrow(ArgumentError);
  expect(() => expectedCalibrationError(rows, [0, 1])).toThrow(ShapeError);
  expect(() => expectedCalibrationError({ data: [], shape: [0, 2] }, [])).toThrow(ArgumentError);
});
