import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, NotFiniteError, seededRandom, ShapeError } from 'tfjs-ood';
import {
  auroc,
  averagePrecision,
  bootstrapDifference,
  bootstrapInterval,
  bootstrapRows,
  classAccuracy,
  detectionError,
  fprAtTpr,
  oodMetrics,
  oscr,
  rankScores,
  trapezoidAupr,
  type RankedScores,
} from 'tfjs-ood/metrics';
import { normalCdf, normalQuantile } from '../../src/metrics/intervals/normal-distribution';
import { expectClose } from '../expect-close';
import { trials } from '../trials';

interface Case {
  name: string;
  in: number[];
  out: number[];
  value: number;
  percentile: [number, number];
  bca: [number, number];
  standardError: number;
}
const fixture = readFileSync(new URL('../fixtures/open-set.json', import.meta.url), 'utf8');
const { intervals } = JSON.parse(fixture) as { intervals: Case[] };

describe.each(intervals)('SciPy: $name', ({ in: a, out: b, value, standardError, ...expected }) => {
  test.each(['percentile', 'bca'] as const)('%s', (method) => {
    const got = bootstrapInterval(a, b, auroc, { seed: 3, resamples: 40_000, method });
    expectClose(got.value, value, { absolute: 1e-12 });
    // Both draw 40,000 times: an end of the interval is uncertain by about 0.02 standard errors.
    expectClose(got.standardError, standardError, { relative: 0.02 });
    expectClose([got.lower, got.upper], expected[method], { absolute: 0.08 * standardError });
  });
});

const few = fc.array(
  fc.integer({ min: -4, max: 4 }).map((value) => value / 2),
  { minLength: 1, maxLength: 9 },
);
/** The scores that were ranked. */
const expanded = (thresholds: Float64Array, atOrBelow: Float64Array) =>
  [...thresholds].flatMap((t, k) => Array.from({ length: atOrBelow[k]! - (k > 0 ? atOrBelow[k - 1]! : 0) }, () => t));
const sidesOf = ({ thresholds, inAtOrBelow, outAtOrBelow }: RankedScores) =>
  [expanded(thresholds, inAtOrBelow), expanded(thresholds, outAtOrBelow)] as const;

test('a resample is the ranking of as many scores of each side; every metric takes it; without one for BCa', () => {
  fc.assert(
    fc.property(few, few, fc.integer(), fc.boolean(), (a, b, seed, bca) => {
      const sizes: string[] = [];
      const metric = (ranked: RankedScores) => {
        const [ins, outs] = sidesOf(ranked);
        expect(rankScores(ins, outs)).toEqual(ranked); // no distinct score that nobody has
        expect(ins.every((s) => a.includes(s)) && outs.every((s) => b.includes(s))).toBe(true);
        expect(oodMetrics(ranked)).toEqual(oodMetrics(rankScores(ins, outs)));
        expect(Number.isFinite(trapezoidAupr(ranked))).toBe(true);
        sizes.push(`${ins.length} ${outs.length}`);
        return auroc(ins, outs);
      };
      const method = bca ? 'bca' : 'percentile';
      const got = bootstrapInterval(a, b, metric, { seed, resamples: 20, confidence: 0.9, method });
      expect(got.value).toBe(auroc(a, b));
      expect(got.lower).toBeLessThanOrEqual(got.upper);
      const left = bca
        ? [
            ...(a.length > 1 ? a.map(() => `${a.length - 1} ${b.length}`) : []),
            ...(b.length > 1 ? b.map(() => `${a.length} ${b.length - 1}`) : []),
          ]
        : [];
      const full = `${a.length} ${b.length}`;
      expect(sizes).toEqual([full, ...left, ...Array.from({ length: 20 }, () => full)]);
      expect(bootstrapInterval(a, b, auroc, { seed, resamples: 20, confidence: 0.9, method })).toEqual(got);
    }),
    { numRuns: 150 },
  );
});

test('a paired resample draws the same samples for both', () => {
  fc.assert(
    fc.property(few, few, fc.integer(), (a, b, seed) => {
      const meanOf = (ranked: RankedScores) => {
        const [ins, outs] = sidesOf(ranked);
        return [...ins, ...outs].reduce((sum, s) => sum + s, 0);
      };
      const first = { inScores: a, outScores: b };
      const plusTwo = { inScores: a.map((s) => s + 2), outScores: b.map((s) => s + 2) };
      const options = { seed, resamples: 40 };
      const shift = -2 * (a.length + b.length);
      const shifted = bootstrapDifference(first, plusTwo, meanOf, options);
      const warning = `all 40 resamples gave ${shift}: the interval has no width, which says nothing of the next samples`;
      expect(shifted).toEqual({ value: shift, lower: shift, upper: shift, standardError: 0, resamples: 40, warning });
      // Another order of the scores: AUROC of the negated ones is 1 - AUROC, resample by resample.
      const negated = { inScores: a.map((s) => -s), outScores: b.map((s) => -s) };
      const twice = bootstrapDifference(first, negated, (r) => auroc(r), options);
      expectClose(twice.value, 2 * auroc(a, b) - 1, { absolute: 1e-12 });
      const same = bootstrapRows(
        [a.length, b.length],
        (i, j) => 2 * auroc(Array.from(i, (k) => a[k]!), Array.from(j, (k) => b[k]!)) - 1, // prettier-ignore
        options,
      );
      expectClose([twice.lower, twice.upper], [same.lower, same.upper], { absolute: 1e-12 });
    }),
    { numRuns: 300 },
  );
});

test('standard errors: of a mean s / sqrt(n), of two detectors on the same samples less than of two on others', () => {
  const random = seededRandom(4);
  const values = Float64Array.from({ length: 400 }, () => random.normal());
  const mean = values.reduce((sum, x) => sum + x, 0) / 400;
  const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 400);
  const meanOf = (rows: Int32Array) => rows.reduce((sum, i) => sum + values[i]!, 0) / rows.length;
  for (const method of ['percentile', 'bca'] as const) {
    const got = bootstrapRows([400], meanOf, { seed: 1, resamples: 10_000, method });
    expectClose(got.standardError, deviation / 20, { relative: 0.03 });
    expectClose([got.lower, got.upper], [-1.96, 1.96].map((z) => mean + (z * deviation) / 20), { absolute: 0.006 }); // prettier-ignore
  }
  const a = { inScores: values.slice(0, 200), outScores: values.slice(200).map((x) => x + 1) };
  const noisy = (scores: Float64Array) => scores.map((x) => x + random.normal() / 4);
  const b = { inScores: noisy(a.inScores), outScores: noisy(a.outScores) };
  const options = { seed: 1, resamples: 500 };
  const [one, two] = [a, b].map((each) => bootstrapInterval(each.inScores, each.outScores, auroc, options));
  const paired = bootstrapDifference(a, b, auroc, options);
  expectClose(paired.value, one!.value - two!.value, { absolute: 1e-12 });
  expect(paired.standardError).toBeLessThan(Math.hypot(one!.standardError, two!.standardError) / 2);
});

/** Average precision of infinitely many scores, as many of N(d, 1) as of N(0, 1). */
function averagePrecisionOfNormals(d: number): number {
  let sum = 0;
  for (let t = 7; t > -7; t -= 0.005) {
    const [found, alarms] = [1 - normalCdf(t - d), 1 - normalCdf(t)];
    sum += ((normalCdf(t + 0.0025 - d) - normalCdf(t - 0.0025 - d)) * found) / (found + alarms);
  }
  return sum;
}

const SETS = trials(2000);

describe('coverage: of the intervals at 95 %, 93 to 97 % hold the truth', () => {
  test.each([
    ['AUROC', auroc, 100, 1, 299, normalCdf(Math.SQRT1_2)],
    // Of the normals, by symmetry, that of either side; this one is faster.
    [
      'average precision',
      (r: RankedScores) => averagePrecision(r, { positive: 'in' }),
      400,
      0.5,
      99,
      averagePrecisionOfNormals(0.5),
    ],
  ] as const)(
    '%s',
    (_, metric, count, d, resamples, truth) => {
      let held = 0;
      for (let set = 0; set < SETS; set++) {
        const random = seededRandom(set, 1);
        const a = Float64Array.from({ length: count }, () => random.normal());
        const b = Float64Array.from({ length: count }, () => random.normal() + d);
        const { lower, upper } = bootstrapInterval(a, b, metric, { seed: set, resamples });
        held += Number(lower <= truth && truth <= upper);
      }
      expect(held / SETS).toBeGreaterThanOrEqual(0.93);
      expect(held / SETS).toBeLessThanOrEqual(0.97);
    },
    300_000,
  );
});

test('rows of groups, for what needs predictions', () => {
  const [predicted, labels, scores, out] = [
    [0, 1, 1, 2, 0],
    [0, 1, 2, 2, 0],
    [1, 2, 3, 1, 5],
    [4, 2, 6],
  ];
  const pick = (values: readonly number[], rows: Int32Array) => Array.from(rows, (i) => values[i]!);
  const accuracy = bootstrapRows([5], (rows) => classAccuracy(pick(predicted, rows), pick(labels, rows)), { seed: 1 });
  expect(accuracy.value).toBe(0.8);
  expect(accuracy.upper).toBe(1);
  expectClose(accuracy.standardError, Math.sqrt((0.8 * 0.2) / 5), { relative: 0.05 });
  const areas = bootstrapRows(
    [5, 3],
    (ins, outs) => {
      expect([ins.length, outs.length]).toEqual([5, 3]);
      expect(ins.every((i, k) => k === 0 || ins[k - 1]! <= i)).toBe(true);
      const inside = { scores: pick(scores, ins), predicted: pick(predicted, ins), labels: pick(labels, ins) };
      return oscr(inside, pick(out, outs)).oscr;
    },
    { seed: 1, resamples: 100, method: 'percentile' },
  );
  expect(areas.value).toBe(oscr({ scores, predicted, labels }, out).oscr);
});

describe('ends of what can be', () => {
  const options = { seed: 1, resamples: 100 };
  test.each(['percentile', 'bca'] as const)('no width where no resample differs, %s', (method) => {
    const separate = bootstrapInterval([1, 2, 3], [4, 5], auroc, { ...options, method });
    const warning = 'all 100 resamples gave 1: the interval has no width, which says nothing of the next samples';
    expect(separate).toEqual({ value: 1, lower: 1, upper: 1, standardError: 0, resamples: 100, warning });
    const [perfect, constant] = [
      { inScores: [1, 2, 3], outScores: [4, 5] },
      { inScores: [1, 1, 1], outScores: [1, 1] },
    ];
    const difference = bootstrapDifference(perfect, constant, auroc, { ...options, method });
    expect(difference).toMatchObject({
      value: 0.5,
      lower: 0.5,
      warning: expect.stringContaining('no width') as string,
    });
    expect(bootstrapDifference(perfect, constant, auroc, { seed: 1 }).warning).toContain('all 2000 resamples gave 0.5');
    expect(bootstrapInterval([1, 2, 5], [4, 5], auroc, { ...options, method })).not.toHaveProperty('warning');
    expect(bootstrapInterval([1], [1], averagePrecision, { ...options, method }).lower).toBe(0.5);
    const most = bootstrapInterval([1, 3, 2, 5], [2, 4], (r) => r.thresholds.at(-1)!, { ...options, method });
    expect(most.value).toBe(5); // no resample lies above
    expect(most.lower).toBeGreaterThanOrEqual(2);
    expect(most.upper).toBeLessThanOrEqual(5);
  });
  test('the seed decides; more confidence is wider', () => {
    const [a, b] = [Float32Array.of(1, 2, 3, 5, 8, 9), Float32Array.of(4, 6, 7, 9, 12)];
    const of = (seed: number, confidence = 0.9) =>
      bootstrapInterval(a, b, fprAtTpr, { seed, resamples: 500, confidence });
    expect(of(1)).toEqual(of(1));
    expect(of(1).standardError).not.toBe(of(2).standardError);
    const width = ({ lower, upper }: { lower: number; upper: number }) => upper - lower;
    expect(width(of(1, 0.99))).toBeGreaterThan(width(of(1, 0.5)));
    expect([...a]).toEqual([1, 2, 3, 5, 8, 9]);
  });
  test('a large stratum is left out in part: 200 of each side', () => {
    let calls = 0;
    const metric = (r: RankedScores) => (calls++, detectionError(r));
    const scores = Float32Array.from({ length: 3000 }, (_, i) => i);
    bootstrapInterval(scores, scores, metric, { ...options, method: 'bca' });
    expect(calls).toBe(1 + 400 + 100);
  });
});

test('the normal distribution', () => {
  // Values of SciPy's norm.cdf.
  expectClose([0, 1, -1.96, 3].map(normalCdf), [0.5, 0.8413447460685429, 0.024997895148220435, 0.9986501019683699], {
    absolute: 1e-15,
  });
  expect([normalCdf(40), normalCdf(-40), normalCdf(Infinity)]).toEqual([1, 0, 1]);
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true }), (p) => {
      expectClose(normalCdf(normalQuantile(p)), p, { absolute: 1e-14 });
      expectClose(normalQuantile(1 - p), -normalQuantile(p), { absolute: 1e-8 });
    }),
    { numRuns: 500 },
  );
  expectClose(normalQuantile(0.975), 1.959963984540054, { absolute: 1e-12 });
});

describe('bad input', () => {
  const [a, b] = [[1, 2, 3], [2, 3]]; // prettier-ignore
  test('options', () => {
    const call = (options: object) => () => bootstrapInterval(a, b, auroc, options as { seed: number });
    expect(call({})).toThrow('bootstrapInterval: seed must be a whole number, got undefined');
    expect(call({ seed: 0.5 })).toThrow(ArgumentError);
    expect(call({ seed: 1, resamples: 39 })).toThrow(
      'resamples must be a whole number from 40 for a confidence of 0.95',
    );
    expect(call({ seed: 1, resamples: 100.5 })).toThrow(ArgumentError);
    expect(call({ seed: 1, resamples: 199, confidence: 0.99 })).toThrow('from 200');
    for (const confidence of [0, 1, 95, NaN])
      expect(call({ seed: 1, confidence })).toThrow('confidence must be a share');
    expect(call({ seed: 1, method: 'basic' })).toThrow('method must be one of bca, percentile, got basic');
  });
  test('scores, pairs, rows and metrics', () => {
    const options = { seed: 1, resamples: 40 };
    expect(() => bootstrapInterval([], b, auroc, options)).toThrow('bootstrapInterval: inScores');
    expect(() => bootstrapInterval(a, [NaN], auroc, options)).toThrow(NotFiniteError);
    expect(() => bootstrapInterval(a, b, () => NaN, options)).toThrow('metric must be finite, got NaN for the samples');
    const never = (r: RankedScores) => (r.thresholds.length < 3 ? Infinity : 0);
    expect(() => bootstrapInterval(a, b, never, options)).toThrow('got Infinity for the samples without one');
    expect(() => bootstrapInterval(a, b, never, { ...options, method: 'percentile' })).toThrow(
      /got Infinity for resample \d+/,
    );
    const pair = (inScores: number[]) => () =>
      bootstrapDifference({ inScores: a, outScores: b }, { inScores, outScores: b }, auroc, options);
    expect(pair([1, 2])).toThrow(ShapeError);
    expect(pair([1, 2])).toThrow('second.inScores must be 3 scores, of the same samples, got 2');
    expect(pair([1, 2, Infinity])).toThrow(NotFiniteError);
    for (const counts of [[], [0], [1.5], [2, -1]]) {
      expect(() => bootstrapRows(counts, () => 1, options)).toThrow('counts must be whole numbers from 1');
    }
  });
});
