import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, NotFiniteError, seededRandom, type Scores } from 'tfjs-ood';
import {
  auroc,
  aurocInterval,
  autc,
  averagePrecision,
  compareAurocs,
  detectionAccuracy,
  detectionError,
  equalErrorRate,
  fprAtTpr,
  fprAtTprOdin,
  fprAtTprOpenOOD,
  gridMetrics,
  odinStyleMetrics,
  oodMetrics,
  partialAuroc,
  precisionRecallCurve,
  rocCurve,
  trapezoidAupr,
} from 'tfjs-ood/metrics';
import { sortScores } from '../../src/core/sort-scores';
import { expectClose } from '../expect-close';

interface Side {
  ap: number;
  trapezoid: number;
  fpr95: number;
  fpr80: number;
}
interface Case {
  name: string;
  in: number[];
  out: number[];
  auroc: number;
  detectionError: number;
  outPositive: Side;
  inPositive: Side;
}
const cases = JSON.parse(readFileSync(new URL('../fixtures/metrics.json', import.meta.url), 'utf8')) as Case[];
const tight = { relative: 1e-12, absolute: 1e-12 };

test.each(cases)('scikit-learn: $name', ({ in: a, out: b, ...expected }) => {
  expectClose(auroc(a, b), expected.auroc, tight);
  expectClose(detectionError(a, b), expected.detectionError, tight);
  for (const positive of ['in', 'out'] as const) {
    const side = expected[`${positive}Positive`];
    expectClose(averagePrecision(a, b, { positive }), side.ap, tight);
    expectClose(trapezoidAupr(a, b, { positive }), side.trapezoid, tight);
    expectClose(fprAtTpr(a, b, { positive }), side.fpr95, tight);
    expectClose(fprAtTpr(a, b, { positive, tpr: 0.8 }), side.fpr80, tight);
  }
  const all = oodMetrics(a, b);
  expect(all.auroc).toBe(auroc(a, b));
  expect(all.auprIn).toBe(averagePrecision(a, b, { positive: 'in' }));
  expect(all.auprOut).toBe(averagePrecision(a, b));
  expect(all.fprAt95Tpr).toBe(fprAtTpr(a, b));
  expect(all.detectionError).toBe(detectionError(a, b));
  expect(all.prevalence).toBe(b.length / (a.length + b.length));
});

test('golden values', () => {
  const [a, b] = [
    [0.1, 0.2, 0.3, 0.4, 0.4, 0.55],
    [0.35, 0.4, 0.6, 0.7],
  ];
  const golden = { absolute: 5e-8 };
  expectClose(auroc(a, b), 0.7916667, golden);
  expectClose(averagePrecision(a, b), 0.7678571, golden);
  expectClose(averagePrecision(a, b, { positive: 'in' }), 0.8630952, golden);
  expectClose(trapezoidAupr(a, b), 0.7797619, golden);
  expectClose(trapezoidAupr(a, b, { positive: 'in' }), 0.8660714, golden);
  expect(fprAtTpr(a, b)).toBe(0.5);
  expect(fprAtTpr(a, b, { positive: 'out' })).toBe(0.5);
  expectClose(detectionError(a, b), 0.25, golden);
});

describe('mistakes that others make', () => {
  test('scores outside [0, 1] are not squashed', () => {
    const random = seededRandom(2);
    const a = Array.from({ length: 20_000 }, () => 100 + 5 * random.normal());
    const b = Array.from({ length: 20_000 }, () => 120 + 5 * random.normal());
    expect(Math.abs(auroc(a, b) - 0.9977)).toBeLessThan(0.001);
  });
  test('a constant score at 1 % prevalence has an average precision of 0.01', () => {
    const [a, b] = [new Float32Array(99).fill(2), new Float32Array(1).fill(2)];
    expect(averagePrecision(a, b)).toBe(0.01);
    expectClose(trapezoidAupr(a, b), 0.505, { absolute: 1e-12 });
    expect(auroc(a, b)).toBe(0.5);
  });
  test('the rules of the operating point differ', () => {
    const a = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    const b = [1.5, 9.5, 11, 12];
    expect(fprAtTpr(a, b, { tpr: 0.92 })).toBe(0.5);
    expect(fprAtTpr(a, b, { tpr: 0.92, rule: 'nearest' })).toBe(0.25);
  });
});

const few = fc.array(
  fc.integer({ min: -4, max: 4 }).map((value) => value / 2),
  { minLength: 1, maxLength: 12 },
);

test('naive definitions, with ties', () => {
  fc.assert(
    fc.property(few, few, fc.integer({ min: 1, max: 99 }), (a, b, percent) => {
      const all = [...a, ...b];
      const rate = (scores: number[], test: (s: number) => boolean) => scores.filter(test).length / scores.length;
      const pairs = a.flatMap((x) => b.map((y): number => (y > x ? 1 : y === x ? 0.5 : 0)));
      expectClose(auroc(a, b), pairs.reduce((sum, value) => sum + value, 0) / pairs.length, tight);
      const precisionAt = (t: number) => b.filter((s) => s >= t).length / all.filter((s) => s >= t).length;
      expectClose(averagePrecision(a, b), b.reduce((sum, t) => sum + precisionAt(t), 0) / b.length, tight);
      const errors = [-Infinity, ...all].map((t) => (rate(a, (s) => s > t) + rate(b, (s) => s <= t)) / 2);
      expectClose(detectionError(a, b), Math.min(...errors), tight);
      const tpr = percent / 100;
      const points = [...all].sort((x, y) => x - y).filter((t) => rate(a, (s) => s <= t) >= tpr);
      expectClose(
        fprAtTpr(a, b, { tpr }),
        rate(b, (s) => s <= points[0]!),
        tight,
      );
    }),
    { numRuns: 3000 },
  );
});

test('what exchanging the sides and negating, or a monotone change, does', () => {
  fc.assert(
    fc.property(few, few, (a, b) => {
      const negated = (scores: number[]) => scores.map((s) => -s);
      const [c, d] = [negated(b), negated(a)];
      expectClose(auroc(c, d), auroc(a, b), tight);
      expectClose(auroc(b, a), 1 - auroc(a, b), tight);
      expectClose(averagePrecision(c, d), averagePrecision(a, b, { positive: 'in' }), tight);
      expectClose(fprAtTpr(c, d), fprAtTpr(a, b, { positive: 'out' }), tight);
      expectClose(detectionError(c, d), detectionError(a, b), tight);
      const grown = (scores: number[]) => scores.map((s) => Math.exp(3 * s));
      expect(oodMetrics(grown(a), grown(b))).toEqual(oodMetrics(a, b));
    }),
  );
});

describe('sorting', () => {
  test('float32 in the order of numbers, whatever their bits', () => {
    fc.assert(
      fc.property(fc.float32Array({ noNaN: true, maxLength: 200 }), (scores) => {
        const sorted = sortScores(scores);
        const expected = Float32Array.from(scores).sort();
        expect(sorted.every((value, i) => value === expected[i])).toBe(true);
        expect(sorted).toHaveLength(scores.length);
      }),
    );
  });
  test('a million', () => {
    const random = seededRandom(1);
    const scores = Float32Array.from({ length: 1_000_000 }, () => random.normal() * 1e3);
    const before = scores.slice();
    const [sorted, expected] = [sortScores(scores), scores.slice().sort()];
    expect(sorted.every((value, i) => value === expected[i])).toBe(true);
    expect(scores.every((value, i) => value === before[i])).toBe(true); // the caller's array stays as it is
  });
});

describe('bad input', () => {
  const metrics = {
    auroc,
    averagePrecision,
    trapezoidAupr,
    fprAtTpr,
    detectionError,
    oodMetrics,
    odinStyleMetrics,
    gridMetrics,
    aurocInterval,
    rocCurve,
    precisionRecallCurve,
    equalErrorRate,
    detectionAccuracy,
    fprAtTprOpenOOD,
    fprAtTprOdin,
    partialAuroc: (a: Scores, b: Scores) => partialAuroc(a, b, { maxFpr: 0.1 }),
    autc: (a: Scores, b: Scores) => autc(a, b, { scaling: 'min-max' }),
    compareAurocs: (a: Scores, b: Scores) =>
      compareAurocs({ inScores: a, outScores: b }, { inScores: a, outScores: b }),
  };
  test.each(Object.entries(metrics))('%s', (name, metric) => {
    const which = name === 'compareAurocs' ? 'first.inScores' : 'inScores'; // of two detectors
    expect(() => metric([], [1])).toThrow(`${name}: ${which} must be at least one score, got none`);
    expect(() => metric([1], [])).toThrow(ArgumentError);
    expect(() => metric([1, NaN], [1])).toThrow(`${name}: ${which} must be finite scores, got NaN at index 1`);
    expect(() => metric([1], Float32Array.of(1, 2, -Infinity))).toThrow(
      'outScores must be finite scores, got -Infinity at index 2',
    );
    expect(() => metric([NaN], [1])).toThrow(NotFiniteError);
  });
  test('rates and sides', () => {
    for (const tpr of [0, 1, NaN, 95])
      expect(() => fprAtTpr([1], [2], { tpr })).toThrow('tpr must be a share between 0 and 1');
    expect(() => averagePrecision([1], [2], { positive: 'ood' as 'out' })).toThrow(
      'positive must be one of out, in, got ood',
    );
    expect(() => fprAtTpr([1], [2], { rule: 'first' as 'nearest' })).toThrow(
      'rule must be one of at-or-above, nearest, band-mean',
    );
  });
});
