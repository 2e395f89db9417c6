import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ArgumentError,
  decodeSafetensors,
  encodeSafetensors,
  FormatError,
  NotFiniteError,
  seededRandom,
} from 'tfjs-ood';
import {
  auroc,
  averagePrecision,
  detectionError,
  fprAtTpr,
  oodMetrics,
  rankScores,
  rankSketches,
  ScoreSketch,
  sketchMetrics,
  trapezoidAupr,
  type BoundedMetric,
} from 'tfjs-ood/metrics';
import { bucketOf, edgesOf } from '../../src/metrics/streams/score-buckets';
import { expectClose } from '../expect-close';
import { trials } from '../trials';

const LARGEST = 2 ** 128 - 2 ** 104; // of float32
const TINY = 2 ** -149; // smallest of float32

/** Spread, tied, crowded into a bucket or two, on both sides of an edge, around zero, at the ends. */
const score = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -6, max: 6 }).map((k) => k / 4),
  fc.integer({ min: -8, max: 8 }).map((k) => 1 + k * 2 ** -22),
  fc.integer({ min: -8, max: 8 }).map((k) => -3 + k * 2 ** -50),
  fc.constantFrom(0, -0, TINY, -TINY, Number.MIN_VALUE, -Number.MIN_VALUE, 2 ** -126, LARGEST, -LARGEST, 3.40282355e38),
  fc
    .tuple(fc.integer({ min: -20, max: 20 }), fc.integer({ min: -1, max: 1 }))
    .map(([e, k]) => 2 ** e * (1 + k * 2 ** -53)),
);
const scores = fc.array(score, { minLength: 1, maxLength: 14 });
const bits = fc.integer({ min: 10, max: 18 });

function sketchOf(values: ArrayLike<number>, size = 20): ScoreSketch {
  const sketch = new ScoreSketch({ bits: size });
  sketch.add(values);
  return sketch;
}

/** From the definition: every pair. */
function naiveAuroc(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (const x of a) for (const y of b) sum += y > x ? 1 : y === x ? 0.5 : 0;
  return sum / a.length / b.length;
}

function expectWithin(exact: number, { value, lower, upper }: BoundedMetric, slack = 1e-15): void {
  expect(exact).toBeGreaterThanOrEqual(lower - slack);
  expect(exact).toBeLessThanOrEqual(upper + slack);
  expect(value).toBeGreaterThanOrEqual(lower - slack);
  expect(value).toBeLessThanOrEqual(upper + slack);
}

test('the metrics of the scores are always within the bounds', () => {
  let wide = 0;
  fc.assert(
    fc.property(scores, scores, bits, (a, b, size) => {
      const found = sketchMetrics(sketchOf(a, size), sketchOf(b, size));
      expectWithin(auroc(a, b), found.auroc);
      expect(Math.abs(naiveAuroc(a, b) - found.auroc.value)).toBeLessThanOrEqual(found.aurocError + 1e-15);
      expectClose(found.auroc.upper - found.auroc.lower, 2 * found.aurocError, { absolute: 1e-15 });
      expectWithin(averagePrecision(a, b, { positive: 'in' }), found.auprIn, 1e-14);
      expectWithin(averagePrecision(a, b, { positive: 'out' }), found.auprOut, 1e-14);
      expectWithin(fprAtTpr(a, b, { positive: 'in' }), found.fprAt95TprInPositive);
      expectWithin(fprAtTpr(a, b, { positive: 'out' }), found.fprAt95TprOutPositive);
      expectWithin(detectionError(a, b), found.detectionError);
      if (found.aurocError > 0.01) wide++;
    }),
    { numRuns: trials(8000) },
  );
  expect(wide).toBeGreaterThan(trials(1000)); // the bounds had work to do
});

test('the bounds are reached', () => {
  // Ten scores a side, all in one bucket: every in-distribution one below, or above, every OoD one.
  const [low, high] = [0, 10].map((from) => Array.from({ length: 10 }, (_, i) => 1 + (from + i) * 2 ** -22));
  for (const [a, b, side] of [
    [low!, high!, 'upper'],
    [high!, low!, 'lower'],
  ] as const) {
    const found = sketchMetrics(sketchOf(a, 10), sketchOf(b, 10));
    expect(found.auroc).toEqual({ value: 0.5, lower: 0, upper: 1 });
    expect(found.aurocError).toBe(0.5);
    expect(auroc(a, b)).toBe(found.auroc[side]);
    expectClose(averagePrecision(a, b), found.auprOut[side], { absolute: 1e-15 });
    expectClose(averagePrecision(a, b, { positive: 'in' }), found.auprIn[side], { absolute: 1e-15 });
    const other = side === 'upper' ? 'lower' : 'upper';
    expect(fprAtTpr(a, b)).toBe(found.fprAt95TprInPositive[other]);
    expect(fprAtTpr(a, b, { positive: 'out' })).toBe(found.fprAt95TprOutPositive[other]);
    expect(detectionError(a, b)).toBe(found.detectionError[other]);
  }
});

test('scores that no bucket crowds: everything is exact', () => {
  const quarters = fc.array(
    fc.integer({ min: -9, max: 9 }).map((k) => k / 4),
    { minLength: 1, maxLength: 12 },
  );
  fc.assert(
    fc.property(quarters, quarters, (a, b) => {
      const ranked = rankSketches(sketchOf(a), sketchOf(b));
      const exact = rankScores(a, b);
      expect(oodMetrics(ranked)).toEqual(oodMetrics(exact));
      expect(trapezoidAupr(ranked)).toBe(trapezoidAupr(exact));
      expect(ranked.inAtOrBelow).toEqual(exact.inAtOrBelow);
      expect(ranked.outAtOrBelow).toEqual(exact.outAtOrBelow);
    }),
    { numRuns: 2000 },
  );
});

test('counts at the thresholds of ranked sketches are exact', () => {
  fc.assert(
    fc.property(scores, scores, bits, (a, b, size) => {
      const { thresholds, inAtOrBelow, outAtOrBelow, inCount, outCount } = rankSketches(
        sketchOf(a, size),
        sketchOf(b, size),
      );
      expect([inCount, outCount]).toEqual([a.length, b.length]);
      thresholds.forEach((threshold, k) => {
        expect(Number.isFinite(threshold)).toBe(true);
        if (k > 0) expect(threshold).toBeGreaterThan(thresholds[k - 1]!);
        expect(inAtOrBelow[k]).toBe(a.filter((x) => x <= threshold).length);
        expect(outAtOrBelow[k]).toBe(b.filter((x) => x <= threshold).length);
      });
    }),
    { numRuns: 2000 },
  );
});

test('long lists of positives in one bucket: the integral is still a bound, and a close one', () => {
  const random = seededRandom(5);
  for (let run = 0; run < 20; run++) {
    const draw = (count: number, shift: number) =>
      Float32Array.from({ length: count }, () => 1 + (random.uniform() + shift) * 0.4);
    const [a, b] = [draw(1 + random.integer(4000), 0), draw(1500 + random.integer(4000), random.uniform() - 0.5)];
    const found = sketchMetrics(sketchOf(a, 10), sketchOf(b, 10));
    expectWithin(averagePrecision(a, b), found.auprOut, 1e-12);
    expectWithin(averagePrecision(a, b, { positive: 'in' }), found.auprIn, 1e-12);
  }
  // All in one bucket: the worst order is the negatives first, and its value is known.
  const [a, b] = [new Float32Array(3000).fill(1.1), Float32Array.from({ length: 2000 }, (_, i) => 1 + i * 2 ** -15)];
  const worst = b.reduce((sum, _, j) => sum + (j + 1) / (j + 1 + 3000), 0) / 2000;
  const { lower } = sketchMetrics(sketchOf(a, 10), sketchOf(b, 10)).auprOut;
  expect(lower).toBeLessThanOrEqual(worst);
  expect(lower).toBeGreaterThan(worst - 1e-3);
});

describe('quantiles', () => {
  test('the order statistic is within the bounds, which are as narrow as stated', () => {
    fc.assert(
      fc.property(scores, bits, fc.integer({ min: 1, max: 999 }), (a, size, perMille) => {
        const q = perMille / 1000;
        const { lower, upper, share } = sketchOf(a, size).quantile(q);
        const exact = [...a].sort((x, y) => x - y)[Math.max(1, Math.ceil(q * a.length - 1e-9)) - 1]!;
        expect(lower).toBeLessThanOrEqual(exact);
        expect(upper).toBeGreaterThanOrEqual(exact);
        expect(share).toBe(a.filter((x) => x <= upper).length / a.length);
        expect(share).toBeGreaterThanOrEqual(q - 1e-9);
        expect(upper - lower).toBeLessThanOrEqual(2 ** (9 - size) * Math.max(Math.abs(exact), 2 ** -126));
      }),
      { numRuns: 2000 },
    );
  });
  test('known ones', () => {
    const sketch = sketchOf([1, 2, 3, 4]);
    expect(sketch.quantile(0.5)).toEqual({ lower: 2, upper: 2 + 2 ** -10 - 2 ** -51, share: 0.5 });
    expect(sketch.quantile(0.99)).toEqual({ lower: 4, upper: 4, share: 1 }); // nothing is above the largest score
    expect(sketchOf([5]).quantile(0.001)).toEqual({ lower: 5, upper: 5, share: 1 });
    // Nor below the smallest
    expect(sketchOf([1.0001, 1.0002]).quantile(0.5)).toEqual({ lower: 1.0001, upper: 1.0002, share: 1 });
  });
});

describe('buckets', () => {
  test('cover the line in order, without gaps', () => {
    for (const size of [10, 12]) {
      for (let bucket = 1; bucket < 2 ** size; bucket++) {
        const [lowest, highest] = edgesOf(bucket, size);
        if (!Number.isFinite(lowest) || !Number.isFinite(highest)) continue; // past the largest float32
        if (Math.abs(lowest) > LARGEST || Math.abs(highest) >= 2 ** 128) continue;
        expect(lowest).toBeLessThanOrEqual(highest);
        expect(bucketOf(lowest, size)).toBe(bucket);
        expect(bucketOf(Math.min(highest, LARGEST), size)).toBe(bucket);
        const [, before] = edgesOf(bucket - 1, size);
        if (Number.isFinite(before) && Math.abs(before) < 2 ** 128) expect(lowest).toBeGreaterThan(before);
      }
    }
  });
  test('keep the order of numbers, hold what is put in, and are the same for float32 and float64', () => {
    fc.assert(
      fc.property(score, score, bits, (x, y, size) => {
        const [a, b] = [bucketOf(x, size), bucketOf(y, size)];
        if (x <= y) expect(a).toBeLessThanOrEqual(b);
        if (x === y) expect(a).toBe(b);
        const [lowest, highest] = edgesOf(a, size);
        expect(x).toBeGreaterThanOrEqual(lowest);
        expect(x).toBeLessThanOrEqual(highest);
        const float = Float32Array.of(x);
        expect(sketchOf(float, size).state()).toEqual(sketchOf([...float], size).state());
      }),
      { numRuns: 4000 },
    );
  });
  test('of a view into a longer array', () => {
    expect(sketchOf(Float32Array.of(9, 1, 2, 9).subarray(1, 3)).state()).toEqual(sketchOf([1, 2]).state());
  });
  test('end where float32 does', () => {
    const { highest, lowest } = sketchOf([LARGEST, -LARGEST]).buckets();
    expect(highest[1]).toBe(2 ** 128 - 2 ** 75);
    expect(lowest[0]).toBe(-highest[1]!);
  });
  test('-0 is 0, in any order', () => {
    const orders = [[-0, 0], [0, -0], [-0], [0], Float32Array.of(-0)].map((values) => sketchOf(values));
    for (const { min, max } of orders) expect([Object.is(min, 0), Object.is(max, 0)]).toEqual([true, true]);
  });
  test('as a histogram', () => {
    const { lowest, highest, counts } = sketchOf([1, -2, 1.0001, 8]).buckets();
    expect([...counts]).toEqual([1, 2, 1]);
    expect([...lowest].map((x) => Number(x.toFixed(2)))).toEqual([-2, 1, 8]);
    expect(highest[0]).toBe(-2);
  });
});

describe('merging', () => {
  test('any partition, in any order, equals one pass, in every bit of the state', () => {
    const block = fc.tuple(fc.array(score, { maxLength: 8 }), fc.integer({ min: 0, max: 2 }));
    fc.assert(
      fc.property(fc.array(block, { maxLength: 8 }), fc.boolean(), (blocks, reversed) => {
        const shards = [0, 1, 2].map(() => new ScoreSketch());
        for (const [values, shard] of blocks) shards[shard]!.add(values);
        const all = new ScoreSketch();
        for (const shard of reversed ? shards.reverse() : shards) all.merge(shard);
        const once = sketchOf(blocks.flatMap(([values]) => values));
        expect(Buffer.compare(encodeSafetensors(all.state()), encodeSafetensors(once.state()))).toBe(0);
        expect(all.count).toBe(once.count);
      }),
      { numRuns: trials(3000) },
    );
  });
  test('with itself', () => {
    const sketch = sketchOf([1, 1, 3]);
    sketch.merge(sketch);
    expect(sketch.state()).toEqual(sketchOf([1, 1, 3, 1, 1, 3]).state());
  });
});

describe('state', () => {
  test('through a safetensors file and back, and on from there', () => {
    fc.assert(
      fc.property(fc.array(score, { maxLength: 10 }), scores, bits, (first, more, size) => {
        const sketch = sketchOf(first, size);
        const again = ScoreSketch.from(decodeSafetensors(encodeSafetensors(sketch.state())).tensors);
        expect(again.state()).toEqual(sketch.state());
        expect([again.bits, again.count, again.min, again.max]).toEqual([size, first.length, sketch.min, sketch.max]);
        for (const one of [sketch, again]) one.add(more);
        expect(again.state()).toEqual(sketch.state());
      }),
      { numRuns: 1000 },
    );
  });
  test('what is none is refused', () => {
    const good = () => sketchOf([1, 2]).state();
    const change = (parts: Partial<Record<keyof ReturnType<typeof good>, unknown>>) =>
      ({ ...good(), ...parts }) as ReturnType<typeof good>;
    const ints = (...data: number[]) => ({ dtype: 'I32', shape: [data.length], data: Int32Array.from(data) });
    const doubles = (...data: number[]) => ({ dtype: 'F64', shape: [data.length], data: Float64Array.from(data) });
    const [one, two] = good().buckets.data as Int32Array as unknown as [number, number];
    expect(() => ScoreSketch.from({})).toThrow('ScoreSketch.from: state.bits must be I32 [1], got none');
    expect(() => ScoreSketch.from(change({ bits: doubles(20) }))).toThrow(FormatError);
    expect(() => ScoreSketch.from(change({ bits: ints(30) }))).toThrow('bits must be a whole number from 10 to 24');
    expect(() => ScoreSketch.from(change({ counts: doubles(1) }))).toThrow(FormatError);
    expect(() => ScoreSketch.from(change({ range: doubles() }))).toThrow(FormatError);
    for (const counts of [doubles(1, 0), doubles(1.5, 1), doubles(1, -1), doubles(1, NaN)]) {
      expect(() => ScoreSketch.from(change({ counts }))).toThrow(/state.counts must be (whole|finite) numbers/);
    }
    for (const buckets of [ints(two, one), ints(one, one), ints(-1, two), ints(one, 2 ** 20)]) {
      expect(() => ScoreSketch.from(change({ buckets }))).toThrow(
        /state.buckets must be (ascending buckets|below 2\^20)/,
      );
    }
    for (const range of [doubles(2, 1), doubles(0.5, 2), doubles(1, 3)]) {
      expect(() => ScoreSketch.from(change({ range }))).toThrow('state.range must be in the first and last bucket');
    }
    expect(() => ScoreSketch.from(change({ range: doubles(NaN, 2) }))).toThrow('state.range must be finite numbers');
  });
});

describe('bad input', () => {
  test('a refused block changes nothing', () => {
    const sketch = sketchOf([1, 2]);
    const before = sketch.state();
    expect(() => sketch.add([3, NaN])).toThrow('ScoreSketch.add: scores must be finite scores, got NaN at index 1');
    expect(() => sketch.add(Float32Array.of(9, Infinity))).toThrow(NotFiniteError);
    expect(() => sketch.add([3, 4, -1e39])).toThrow(
      'scores must be within the range of float32, got -1e+39 at index 2',
    );
    expect(() => sketch.add(3 as unknown as number[])).toThrow(ArgumentError);
    expect(sketch.state()).toEqual(before);
  });
  test('options, empty and unlike sketches', () => {
    for (const size of [9, 25, 10.5, NaN]) expect(() => new ScoreSketch({ bits: size })).toThrow(ArgumentError);
    const [empty, full, coarse] = [new ScoreSketch(), sketchOf([1]), sketchOf([1], 10)];
    expect([empty.count, empty.min, empty.max]).toEqual([0, undefined, undefined]);
    expect(() => empty.quantile(0.5)).toThrow('ScoreSketch.quantile: sketch must be one that has scores');
    expect(() => full.quantile(1)).toThrow('q must be a share');
    expect(() => sketchMetrics(empty, full)).toThrow(
      'sketchMetrics: inSketch must be one that has scores, got an empty',
    );
    expect(() => rankSketches(full, empty)).toThrow('rankSketches: outSketch must be one that has scores');
    expect(() => sketchMetrics(full, coarse)).toThrow('outSketch must be of 20 bits, as inSketch, got one of 10');
    expect(() => full.merge(coarse)).toThrow('other must be a ScoreSketch of 20 bits, got one of 10 bits');
  });
});

test('a million scores: close to the exact value in bounded memory', () => {
  const random = seededRandom(3);
  const draw = (shift: number) => Float32Array.from({ length: 1_000_000 }, () => random.normal() + shift);
  const [a, b] = [draw(0), draw(1)];
  const [inside, outside] = [sketchOf(a), sketchOf(b)];
  const { auroc: found, aurocError } = sketchMetrics(inside, outside);
  expectWithin(auroc(a, b), found);
  expect(aurocError).toBeLessThan(2e-4);
  expect(inside.buckets().counts.length).toBeLessThan(120_000);
});
