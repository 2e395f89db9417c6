import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import * as scorers from 'tfjs-ood/scorers';
import type { FitBlock, PartialFit, ScorerMethod } from 'tfjs-ood/scorers';
import { secondMoments } from '../../../src/linalg/second-moments';
import { ValueQuantiles } from '../../../src/scorers/head/value-quantiles';

beforeAll(() => tf.setBackend('cpu'));
const now = () => Promise.resolve();

/** Rows [N, D] in three classes, of which one is rare, with numbers of a variance of about 1. */
function drawn(count: number, size: number, offset: number) {
  const random = seededRandom(8);
  const labels = Int32Array.from({ length: count }, (_, row) => (row % 29 === 3 ? 2 : row % 2));
  const data = Float32Array.from({ length: count * size }, (_, at) => {
    const label = labels[Math.floor(at / size)]!;
    return offset + (at % 3 === label ? 1 : 0) + random.normal();
  });
  return { labels, data, size, count };
}
type Drawn = ReturnType<typeof drawn>;

function blockOf({ labels, data, size }: Drawn, rows: readonly number[]): FitBlock {
  const own = Float32Array.from(rows.flatMap((row) => [...data.subarray(row * size, (row + 1) * size)]));
  return {
    features: { data: own, shape: [rows.length, size] },
    labels: rows.map((row) => labels[row]!),
  } as unknown as FitBlock;
}

/** A random cut of rows in a random order, and in which order the parts are joined. */
const splits = (count: number) =>
  fc.record({
    order: fc.shuffledSubarray(
      Array.from({ length: count }, (_, row) => row),
      { minLength: count },
    ),
    cuts: fc.uniqueArray(fc.integer({ min: 1, max: count - 1 }), { maxLength: 8 }),
    joins: fc.array(fc.nat(), { minLength: 20, maxLength: 20 }),
  });
type Split = { order: number[]; cuts: number[]; joins: number[] };

function partsOf<T>({ order, cuts }: Split, make: (rows: number[]) => T): T[] {
  const ends = [...cuts].sort((a, b) => a - b).concat(order.length);
  return ends.map((end, i) => make(order.slice(i === 0 ? 0 : ends[i - 1], end)));
}

async function joined<T>(parts: T[], { joins }: Split, merge: (into: T, other: T) => Promise<void>): Promise<T> {
  const left = [...parts];
  for (let i = 0; left.length > 1; i++) {
    const [into] = left.splice(joins[i % 20]! % left.length, 1);
    const [other] = left.splice(joins[(i + 7) % 20]! % left.length, 1);
    await merge(into!, other!);
    left.push(into!);
  }
  return left[0]!;
}

/** Moments of all rows by the definition, in float64: means of classes, scatter about them. */
function oracle({ labels, data, size, count }: Drawn) {
  const means = new Map<number, Float64Array>();
  for (const label of [0, 1, 2]) {
    const rows = [...labels.keys()].filter((row) => labels[row] === label);
    // About the first row, so that nothing is lost far from the origin.
    const first = data.subarray(rows[0]! * size, (rows[0]! + 1) * size);
    const mean = Float64Array.from(
      first,
      (value, i) => value + rows.reduce((sum, row) => sum + (data[row * size + i]! - value), 0) / rows.length,
    );
    means.set(label, mean);
  }
  const covariance = new Float64Array(size * size);
  for (let row = 0; row < count; row++) {
    const mean = means.get(labels[row]!)!;
    const z = mean.map((value, i) => data[row * size + i]! - value);
    for (let i = 0; i < size; i++) for (let j = 0; j < size; j++) covariance[i * size + j]! += (z[i]! * z[j]!) / count;
  }
  return { means, covariance };
}

/** L L^T of a lower triangle. */
function product(factor: ArrayLike<number>, size: number): Float64Array {
  const all = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      for (let k = 0; k < size; k++) all[i * size + j]! += factor[i * size + k]! * factor[j * size + k]!;
  return all;
}

describe.each([
  ['near the origin', 12, 0],
  ['1e6 away from it', 12, 1e6],
  ['wide, by the kernel', 64, 1e6],
])('moments %s', (_, size, offset) => {
  const rows = drawn(232, size, offset);
  const expected = oracle(rows);
  const part = async (method: ScorerMethod, own: number[]): Promise<PartialFit> => {
    const partial = await method.partial();
    await partial.add(blockOf(rows, own), { ids: own });
    return partial;
  };

  test('of any split are those by definition, to 1e-10 of the variance', async () => {
    const method = scorers.mahalanobis({ covariance: 'empirical' });
    await fc.assert(
      fc.asyncProperty(splits(232), async (split) => {
        const parts = await Promise.all(partsOf(split, (own) => part(method, own)));
        const all = await joined(parts, split, (into, other) => into.merge(other.toBytes()));
        const scorer = await method.fromPartial(all);
        const { means, factor } = scorer.state().tensors;
        for (const [label, mean] of expected.means) {
          mean.forEach((value, i) => expect(Math.abs(means!.data[label * size + i]! - value)).toBeLessThan(1e-9));
        }
        const covariance = product(factor!.data, size);
        expected.covariance.forEach((value, at) => expect(Math.abs(covariance[at]! - value)).toBeLessThan(1e-10));
        scorer.dispose();
      }),
      { numRuns: size > 48 ? 5 : 15 },
    );
  });

  test('of a shrunk covariance, and of each class, are those of one pass', async () => {
    const all = Array.from({ length: 232 }, (_, row) => row);
    for (const method of [
      scorers.mahalanobis({ covariance: 'ledoit-wolf' }),
      scorers.relativeMahalanobis(),
      scorers.classGaussians(),
    ]) {
      const single = (await method.fromPartial(await part(method, all))).state();
      await fc.assert(
        fc.asyncProperty(splits(232), async (split) => {
          const parts = await Promise.all(partsOf(split, (own) => part(method, own)));
          const merged = await method.fromPartial(await joined(parts, split, (into, other) => into.merge(other)));
          const { tensors, options } = merged.state();
          for (const name of ['factor', 'factors']) {
            single.tensors[name]?.data.forEach((value, at) =>
              expect(Math.abs(tensors[name]!.data[at]! - value)).toBeLessThan(1e-10),
            );
          }
          if ('shrinkage' in options)
            expect(Math.abs((options.shrinkage as number) - (single.options.shrinkage as number))).toBeLessThan(1e-10);
          merged.dispose();
        }),
        { numRuns: 4 },
      );
    }
  });

  test('second moments about any point', async () => {
    const whole = secondMoments(size, 50);
    await whole.add(rows.data, now);
    const origin = Float64Array.from({ length: size }, (_, i) => offset + i / size);
    const about = whole.about(origin);
    const variance = whole.variance();
    await fc.assert(
      fc.asyncProperty(splits(232), async (split) => {
        const parts = await Promise.all(
          partsOf(split, async (own) => {
            const moments = secondMoments(size, 50);
            await moments.add((blockOf(rows, own).features as unknown as { data: Float32Array }).data, now);
            return moments;
          }),
        );
        const all = await joined(parts, split, (into, other) => Promise.resolve(into.merge(other.sums())));
        expect(all.count).toBe(232);
        expect(Math.abs(all.variance() - variance)).toBeLessThan(1e-10 * size);
        all.about(origin).forEach((value, at) => expect(Math.abs(value - about[at]!)).toBeLessThan(1e-10));
      }),
      { numRuns: size > 48 ? 5 : 15 },
    );
  });
});

test('sums of rows 1e6 away are exact, so that means are the same bits', async () => {
  const rows = drawn(232, 12, 1e6);
  const head = {
    weights: new Float32Array(24).map((_, i) => Math.sin(i)),
    bias: Float32Array.of(1, 0),
    shape: [12, 2] as const,
  };
  for (const method of [scorers.nearestClassMean(), scorers.fdbd()] as ScorerMethod[]) {
    const part = async (own: number[]) => {
      const partial = await method.partial({ head });
      await partial.add(blockOf(rows, own), { ids: own });
      return partial;
    };
    const single = (await method.fromPartial(await part(Array.from({ length: 232 }, (_, row) => row)))).state();
    await fc.assert(
      fc.asyncProperty(splits(232), async (split) => {
        const parts = await Promise.all(partsOf(split, part));
        const merged = await method.fromPartial(await joined(parts, split, (into, other) => into.merge(other)));
        expect(merged.state()).toEqual(single);
        merged.dispose();
      }),
      { numRuns: 8 },
    );
  }
});

test('second moments of shards far from each other', async () => {
  const [one, two] = [secondMoments(2, 50), secondMoments(2, 50)];
  await one.add(Float32Array.of(1e6, 0, 1e6 + 1, 2), now);
  await two.add(Float32Array.of(-1e6, 4, -1e6, 6), now);
  one.merge(two.sums());
  const about = one.about(Float64Array.of(0, 3));
  // Means of x^2, x (y - 3) and (y - 3)^2, by hand
  const expected = [(1e12 + (1e6 + 1) ** 2 + 2e12) / 4, (-3e6 - (1e6 + 1) - 1e6 - 3e6) / 4, (9 + 1 + 1 + 9) / 4];
  [about[0]!, about[1]!, about[3]!].forEach((value, i) => expect(value / expected[i]!).toBeCloseTo(1, 12));
});

test('a block that is given up leaves moments as they were', async () => {
  const rows = drawn(100, 64, 5);
  for (const method of [scorers.mahalanobis(), scorers.residual({ dimension: 3 }), scorers.vim({ dimension: 3 })]) {
    const head = {
      weights: new Float32Array(128).map((_, i) => i % 5),
      bias: Float32Array.of(1, 0),
      shape: [64, 2] as const,
    };
    const partial = await (method as ScorerMethod).partial({ head });
    const places = Array.from({ length: 100 }, (_, row) => row);
    await partial.add(blockOf(rows, places.slice(0, 60)), { ids: places.slice(0, 60), shard: 1 });
    const before = partial.toBytes();
    for (let turns = 0; turns < 12; turns++) {
      const control = new AbortController();
      const added = partial.add(blockOf(rows, places.slice(60)), {
        ids: places.slice(60),
        shard: 1,
        signal: control.signal,
      });
      for (let i = 0; i < turns; i++) await Promise.resolve();
      control.abort(new Error('enough'));
      await expect(added).rejects.toThrow('enough');
      expect(Buffer.compare(partial.toBytes(), before)).toBe(0);
    }
  }
});

describe('quantiles in parts', () => {
  const random = seededRandom(4);
  const values = Float32Array.from({ length: 4000 }, (_, i) => (i % 7 === 0 ? 0 : 3 * random.normal() * 10 ** (i % 5)));

  test.each([1e6, 1000])('are the same bits as of one stream, exact up to %d numbers', async (exactUpTo) => {
    const whole = new ValueQuantiles(exactUpTo);
    whole.add(values);
    const shares = [0, 0.1, 0.5, 0.9, 0.999, 1];
    const expected = shares.map((share) => whole.quantile(share));
    await fc.assert(
      fc.asyncProperty(splits(4000), async (split) => {
        const parts = partsOf(split, (own) => {
          const quantiles = new ValueQuantiles(exactUpTo);
          quantiles.add(Float32Array.from(own, (at) => values[at]!));
          return quantiles;
        });
        const all = await joined(parts, split, (into, other) => Promise.resolve(into.merge('f', other.state())));
        expect(shares.map((share) => all.quantile(share))).toEqual(expected);
      }),
      { numRuns: 10 },
    );
    // Within 2^-18 of the order statistic
    const sorted = values.slice().sort();
    expected.forEach((value, i) => {
      const rank = shares[i]! * 3999;
      const [low, high] = [sorted[Math.floor(rank)]!, sorted[Math.ceil(rank)]!];
      const bound = exactUpTo > 4000 ? 1e-12 : 2 ** -18;
      expect(Math.abs(value - (low + (rank % 1) * (high - low)))).toBeLessThanOrEqual(
        bound * (Math.abs(low) + Math.abs(high)),
      );
    });
  });
});
