import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { seededRandom, ShapeError } from 'tfjs-ood';
import {
  aurocInterval,
  autc,
  averagePrecision,
  compareAurocs,
  detectionError,
  equalErrorRate,
  fprAtTpr,
  fprAtTprOpenOOD,
  partialAuroc,
  rocCurve,
  trapezoidAupr,
  type DetectorScores,
} from 'tfjs-ood/metrics';
import { normalQuantile } from '../../src/metrics/intervals/normal-distribution';
import { twoSidedPValue } from '../../src/metrics/intervals/two-sided-p-value';
import { expectClose } from '../expect-close';

interface Pair {
  scores: [{ inScores: number[]; outScores: number[] }, { inScores: number[]; outScores: number[] }];
  first: number;
  second: number;
  firstError: number;
  secondError: number;
  standardError: number;
  z: number;
  pValue: number;
}
interface Fixture {
  pairs: Pair[];
  tails: [number, number][];
  huge: (Record<string, number> & { divisor: number })[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/delong.json', import.meta.url), 'utf8')) as Fixture;
const tight = { relative: 1e-12, absolute: 1e-12 };
const [inScores, outScores] = [
  [0.1, 0.2, 0.3, 0.4, 0.4, 0.55],
  [0.35, 0.4, 0.6, 0.7],
];

test('golden values', () => {
  const plain = aurocInterval(inScores, outScores, { method: 'delong' });
  expectClose(plain.standardError, 0.157012, { absolute: 5e-8 });
  expectClose(plain.lower, 0.7916667 - 1.959964 * 0.157012, { absolute: 1e-6 });
  expect([plain.upper, plain.confidence]).toEqual([1, 0.95]);
  const logit = aurocInterval(inScores, outScores, { confidence: 0.9 });
  const [area, reach] = [0.7916666667, (1.6448536 * 0.1570120307) / (0.7916666667 * 0.2083333333)];
  expectClose(Math.log(logit.lower / (1 - logit.lower)), Math.log(area / (1 - area)) - reach, { absolute: 1e-6 });
  expectClose(Math.log(logit.upper / (1 - logit.upper)), Math.log(area / (1 - area)) + reach, { absolute: 1e-6 });
});

test("NumPy, from DeLong's definition", () => {
  for (const { scores, firstError, secondError, ...expected } of fixture.pairs) {
    const own = compareAurocs(...scores);
    for (const key of ['first', 'second', 'standardError', 'z', 'pValue'] as const) {
      expectClose(own[key], expected[key], { relative: 1e-11, absolute: 1e-12 });
    }
    scores.forEach((each, k) => {
      const { standardError } = aurocInterval(each.inScores, each.outScores);
      expectClose(standardError, [firstError, secondError][k]!, tight);
    });
    expectClose(own.upper - own.difference, normalQuantile(0.975) * own.standardError, { absolute: 1e-9 });
  }
});

test("SciPy's normal tails", () => {
  for (const [z, p] of fixture.tails) {
    expectClose(twoSidedPValue(z), p, { relative: 2e-13, absolute: 0 });
    expect(twoSidedPValue(-z)).toBe(twoSidedPValue(z));
  }
  expect(twoSidedPValue(Infinity)).toBe(0);
});

test.each(fixture.huge)('scikit-learn and SciPy on 400,000 scores, divisor $divisor', ({ divisor, ...expected }) => {
  let state = 12345;
  const next = () => Math.floor((state = (Math.imul(1664525, state) + 1013904223) >>> 0) / divisor);
  const [a, b, c] = [0, 1, 2].map(() => Float64Array.from({ length: 200_000 }, next));
  const larger = b!.map((value, i) => Math.max(value, c![i]!));
  const { auroc, standardError } = aurocInterval(a!, larger);
  const own = {
    auroc,
    standardError,
    apOut: averagePrecision(a!, larger),
    apIn: averagePrecision(a!, larger, { positive: 'in' }),
    trapezoid: trapezoidAupr(a!, larger),
    fprIn: fprAtTpr(a!, larger),
    fprOut: fprAtTpr(a!, larger, { positive: 'out' }),
    shownFpr95: fprAtTprOpenOOD(a!, larger),
    detectionError: detectionError(a!, larger),
    equalErrorRate: equalErrorRate(a!, larger).rate,
    partialOut: partialAuroc(a!, larger, { maxFpr: 0.05 }),
    partialIn: partialAuroc(a!, larger, { maxFpr: 0.05, positive: 'in' }),
    autc: autc(a!, larger, { scaling: 'min-max' }).autc,
  };
  expect(Object.keys(own)).toEqual(Object.keys(expected));
  for (const [key, value] of Object.entries(own)) expectClose(value, expected[key]!, tight);
  const drawn = rocCurve(a!, larger, { points: 100 });
  expect(drawn.fpr.length).toBeLessThanOrEqual(100);
  expectClose(drawn.drawnArea, auroc, { absolute: 2e-4 }); // stated: 1 / 99
});

describe('95 % intervals hold the truth in 93 to 97 % of 2,000 simulated sets', () => {
  test.each([
    [100, 100, 0.76],
    [200, 50, 0.9],
    [50, 50, 0.9],
    [30, 30, 0.76],
    [100, 100, 0.5],
    [200, 200, 0.98],
  ])('%i in, %i out, AUROC %f', (n, m, truth) => {
    const random = seededRandom(20, n, m);
    const shift = Math.SQRT2 * normalQuantile(truth);
    let [held, above, below] = [0, 0, 0];
    for (let run = 0; run < 2000; run++) {
      const a = Float64Array.from({ length: n }, () => random.normal());
      const b = Float64Array.from({ length: m }, () => shift + random.normal());
      const { lower, upper } = aurocInterval(a, b);
      held += Number(lower <= truth && truth <= upper);
      above += Number(lower > truth);
      below += Number(upper < truth);
    }
    expect(held / 2000).toBeGreaterThan(0.93);
    expect(held / 2000).toBeLessThan(0.97);
    expect(Math.max(above, below) / 2000).toBeLessThan(0.05); // misses on both sides
  });
});

test('the paired test calls equal detectors different in about 5 % of sets', () => {
  const random = seededRandom(5);
  let called = 0;
  for (let run = 0; run < 2000; run++) {
    const detectors = [0, 1].map((): { inScores: number[]; outScores: number[] } => ({ inScores: [], outScores: [] }));
    for (let i = 0; i < 80; i++) {
      const [a, b] = [random.normal(), 1 + random.normal()];
      for (const { inScores: ins, outScores: outs } of detectors) {
        ins.push(a + random.normal());
        outs.push(b + random.normal());
      }
    }
    called += Number(compareAurocs(detectors[0]!, detectors[1]!).pValue < 0.05);
  }
  expect(called / 2000).toBeGreaterThan(0.03);
  expect(called / 2000).toBeLessThan(0.07);
});

describe('answers at the ends', () => {
  test('one sample on a side', () => {
    for (const [a, b] of [
      [[0.5], [0.6, 0.7]],
      [[0.1, 0.2], [0.3]],
      [[1], [1]],
    ] as const) {
      expect(aurocInterval(a, b)).toMatchObject({ standardError: 0.5, lower: 0, upper: 1 });
      expect(compareAurocs({ inScores: a, outScores: b }, { inScores: a, outScores: b })).toMatchObject({
        standardError: 1,
        z: 0,
        pValue: 1,
        lower: -1,
        upper: 1,
      });
    }
  });
  test('separated samples', () => {
    const [a, b] = [
      Float64Array.from({ length: 20 }, (_, i) => i),
      Float64Array.from({ length: 50 }, (_, i) => 30 + i),
    ];
    const perfect = aurocInterval(a, b);
    expect(perfect).toMatchObject({ auroc: 1, standardError: 0, upper: 1 });
    expectClose(perfect.lower ** 20, 0.025, { absolute: 1e-12 });
    const worst = aurocInterval(b, a);
    expect([worst.lower, worst.upper]).toEqual([0, 1 - perfect.lower]);
    expect(aurocInterval(a, b, { method: 'delong' })).toMatchObject({ lower: 1, upper: 1 });
    const against = compareAurocs(
      { inScores: a, outScores: b },
      { inScores: a.map(() => 0), outScores: b.map(() => -1) },
    );
    // All of 20 pairs of samples favor the first by 1; of equal detectors at most half of them would.
    expect(against).toMatchObject({ first: 1, second: 0, standardError: 0, upper: 1 });
    expectClose(against.pValue, 2 * 0.5 ** 20, tight);
    expectClose(against.lower, 2 * 0.025 ** (1 / 20) - 1, tight);
  });
  test('constant scores', () => {
    const constant = aurocInterval([1, 1, 1], [1, 1]);
    expect(constant).toMatchObject({ auroc: 0.5, standardError: 0 });
    // Two pairs are tied; with an AUROC of L at most a share 2L is.
    expectClose((2 * constant.lower) ** 2, 0.025, tight);
    expectClose(constant.upper, 1 - constant.lower, tight);
    const plain = aurocInterval([1, 1, 1], [1, 1], { method: 'delong' });
    expect(plain).toMatchObject({ standardError: 0, lower: 0.5, upper: 0.5 });
  });
  test('a narrow interval near 1 stays below it', () => {
    const random = seededRandom(3);
    const a = Float64Array.from({ length: 500 }, () => random.normal());
    const b = Float64Array.from({ length: 500 }, () => 5 + random.normal());
    const { auroc, lower, upper } = aurocInterval(a, b);
    expect(auroc < 1 && lower < auroc && auroc < upper && upper < 1).toBe(true);
  });
});

describe('a difference that varies over no sample', () => {
  const perfect = (n: number) => ({ inScores: Array.from({ length: n }, (_, i) => i), outScores: Array(n).fill(n) });
  const constant = (n: number) => ({ inScores: Array<number>(n).fill(3), outScores: Array<number>(n).fill(3) });
  const reversed = (n: number) => ({ inScores: Array<number>(n).fill(3), outScores: Array<number>(n).fill(1) });

  test('is no certainty: p-values are bounds, never below those of the exact permutation test', () => {
    let orders = 1; // of n + n samples: 2n over n
    for (let n = 2; n <= 30; n++) {
      orders *= n === 2 ? 6 : (2 * n * (2 * n - 1)) / n / n;
      const cases = [
        [perfect(n), constant(n), 0.5],
        [constant(n), reversed(n), 0.5],
        [reversed(n), perfect(n), -1],
      ] as const;
      for (const [first, second, d] of cases) {
        const { difference, standardError, z, pValue, lower, upper } = compareAurocs(first, second, {
          confidence: 0.9,
        });
        expect([difference, standardError]).toEqual([d, 0]);
        expectClose(pValue, Math.min(1, 2 * (1 + Math.abs(d)) ** -n), tight);
        expect(pValue).toBeGreaterThanOrEqual(2 / orders);
        expectClose(twoSidedPValue(z), pValue, { relative: 1e-9, absolute: 0 });
        expect(Math.sign(z)).toBe(pValue === 1 ? 0 : Math.sign(d));
        // With the mean at a limit so many equal pairs have a probability of 0.05 at most: all others are at the far
        // end.
        if (d < 1) expectClose(((1 - upper) / (1 - d)) ** n, 0.05, tight);
        if (d > -1) expectClose(((1 + lower) / (1 + d)) ** n, 0.05, tight);
        else expect(lower).toBe(-1);
        expect(pValue < 0.1).toBe(lower > 0 || upper < 0); // test and interval agree
      }
    }
    expect(compareAurocs(perfect(2), constant(2)).pValue).toBeGreaterThan(1 / 3);
    const many = compareAurocs(perfect(5000), constant(5000));
    expect(many.pValue > 0 && many.pValue < 1e-300 && Number.isFinite(many.z)).toBe(true);
  });

  test('of 0 has limits too', () => {
    for (const detector of [perfect(20), constant(20), { inScores: [1, 5, 2, 7], outScores: [6, 3, 8, 4] }]) {
      const { z, pValue, lower, upper } = compareAurocs(detector, detector);
      expect([z, pValue]).toEqual([0, 1]);
      expectClose(upper, -lower, tight);
      expect(upper).toBeGreaterThan(0.15);
    }
  });

  test('whose pairs differ: a wider bound, by hand', () => {
    // Pairs of the first: [[1, 0], [1, 1]], of the second: [[0, 0], [1, 0]]; the difference [[1, 0], [0, 1]] is 1/2 for
    // each sample.
    const first = { inScores: [2, 0], outScores: [3, 1] };
    const second = { inScores: [5, 1], outScores: [3, 0] };
    const { difference, standardError, pValue, lower, upper } = compareAurocs(first, second);
    expect([difference, standardError]).toEqual([0.5, 0]);
    const chance = (0.5 / 0.75) ** 0.75 * (0.5 / 0.25) ** 0.25; // Hoeffding, of two pairs
    expectClose(pValue, Math.min(1, 2 * chance ** 2), tight);
    const at = (limit: number) => {
      const mean = (1 + limit) / 2;
      return ((mean / 0.75) ** 0.75 * ((1 - mean) / 0.25) ** 0.25) ** 2;
    };
    expectClose([at(lower), at(upper)], [0.025, 0.025], { absolute: 1e-9 });
    // Fifty times as many: rounding of thirds and the like leaves no standard error of 1e-17 either.
    const times = (values: number[]) => values.flatMap((value) => Array<number>(51).fill(value));
    const wide = (d: typeof first) => ({ inScores: times(d.inScores), outScores: times(d.outScores) });
    const larger = compareAurocs(wide(first), wide(second));
    expect(larger.standardError).toBe(0);
    expectClose(larger.pValue, 2 * chance ** 102, { relative: 1e-9, absolute: 0 });
  });
});

test('bad input', () => {
  const detector: DetectorScores = { inScores, outScores };
  expect(() => compareAurocs(detector, { inScores, outScores: [1] })).toThrow(
    'compareAurocs: second.outScores must be 4 scores, of the same samples, got 1',
  );
  expect(() => compareAurocs(detector, { inScores: [1, 2], outScores })).toThrow(ShapeError);
  expect(() => compareAurocs(detector, detector, { confidence: 1 })).toThrow('confidence must be a share between');
  expect(() => aurocInterval(inScores, outScores, { confidence: 95 })).toThrow('confidence must be a share between');
  expect(() => aurocInterval(inScores, outScores, { method: 'wald' as 'delong' })).toThrow(
    'method must be one of delong-logit, delong, got wald',
  );
});
