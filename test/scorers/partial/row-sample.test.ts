import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, deriveSeed, ShapeError } from 'tfjs-ood';
import { calibrationRows, type RowId } from 'tfjs-ood/scorers';
import { compareIds } from '../../../src/scorers/partial/compare-ids';
import { HASHES, idHash, STREAMS } from '../../../src/scorers/partial/id-hash';
import { readIds, savedIds, writeIds } from '../../../src/scorers/partial/row-ids';
import { RowSample } from '../../../src/scorers/partial/row-sample';
import { mergeSample, sampleState } from '../../../src/scorers/partial/sampled-rows';

/** The same hash on whole numbers of any size, by MurmurHash3's words. */
function hashByBigints(seed: number, stream: number, id: RowId): number {
  const word = (n: bigint) => n & 0xffffffffn;
  const turned = (n: bigint, by: bigint) => word((n << by) | (n >> (32n - by)));
  const mixed = (h: bigint) => {
    let n = word((h ^ (h >> 16n)) * 0x85ebca6bn);
    n = word((n ^ (n >> 13n)) * 0xc2b2ae35n);
    return n ^ (n >> 16n);
  };
  const isNumber = typeof id === 'number';
  const units = String(id)
    .split('')
    .map((unit) => BigInt(unit.charCodeAt(0)));
  const words = isNumber
    ? [word(BigInt(id)), word(BigInt(id) >> 32n), 0n]
    : [...units, typeof id === 'string' ? 1n : 2n];
  let [a, b] = [BigInt(deriveSeed(seed, stream, 1)), BigInt(deriveSeed(seed, stream, 2))];
  for (const one of words) {
    a ^= word(turned(word(one * 0x239b961bn), 15n) * 0xab0e9789n);
    a = word(turned(a, 19n) * 5n + 0x561ccd1bn);
    b ^= word(turned(word(one * 0xab0e9789n), 16n) * 0x38b34ae5n);
    b = word(turned(b, 17n) * 5n + 0x0bcaa747n);
  }
  const count = BigInt(words.length);
  a = word((a ^ count) + (b ^ count));
  b = word((b ^ count) + a);
  [a, b] = [mixed(a), mixed(b)];
  a = word(a + b);
  b = word(b + a);
  return Number(a * 2n ** 21n + (b >> 11n));
}

const anyId = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.string({ unit: 'grapheme' }),
  fc.bigInt().filter((n) => !Number.isSafeInteger(Number(n))),
);

describe('the hash of ids', () => {
  test('is as by whole numbers of any size', () => {
    fc.assert(
      fc.property(anyId, fc.integer(), fc.integer({ min: 0, max: 20 }), (id, seed, stream) => {
        expect(idHash(seed, stream)(id)).toBe(hashByBigints(seed, stream, id));
      }),
    );
  });

  test('stays what it is: saved parts depend on it', () => {
    const hash = idHash(1, STREAMS.sample);
    expect([0, 1, -1, 2 ** 40, 'row 1', '', 2n ** 70n].map(hash)).toEqual([
      2748316652804698, 5757416344022566, 2596071124133892, 4030435771068118, 2824957542407107, 7744319422877839,
      3338786350840022,
    ]);
  });

  test('is uniform, for whole numbers one after the other, names and both streams', () => {
    const names: ((i: number) => RowId)[] = [(i) => i, (i) => 1_000_003 * i, (i) => `img_${i}.png`, (i) => -i];
    for (const name of names) {
      for (const stream of [STREAMS.sample, STREAMS.calibration]) {
        const hash = idHash(3, stream);
        const bins = new Float64Array(64);
        for (let i = 0; i < 64_000; i++) bins[Math.floor((hash(name(i)) / HASHES) * 64)]!++;
        const chi = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
        expect(chi).toBeLessThan(115); // 63 degrees of freedom: p = 6e-5
        expect(chi).toBeGreaterThan(27); // p = 3e-5 on the other side
      }
    }
  });

  test('streams and seeds say nothing of each other', () => {
    const [one, two, three] = [idHash(1, 1), idHash(1, 2), idHash(2, 1)];
    for (const other of [two, three]) {
      const cells = new Float64Array(16);
      for (let i = 0; i < 16_000; i++) {
        cells[4 * Math.floor((one(i) / HASHES) * 4) + Math.floor((other(i) / HASHES) * 4)]!++;
      }
      expect(cells.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(45); // 15: p = 8e-5
    }
  });

  test('one id written as a number or a bigint; text is another', () => {
    expect(readIds('f', [7, '7'], 2)).toEqual([7, '7']);
    expect(readIds('f', BigInt64Array.of(7n, -3n), 2)).toEqual([7, -3]);
    expect(readIds('f', [2n ** 60n])).toEqual([2n ** 60n]);
    expect(Object.is(readIds('f', [-0])[0], 0)).toBe(true);
    expect(() => readIds('f', [7, 7n])).toThrow('ids must be another for each row, got 7 again at index 1');
    for (const wrong of [[0.5], [NaN], [2 ** 53], [null], ['\ud800'], [undefined], 'abc', 5]) {
      expect(() => readIds('f', wrong), String(wrong)).toThrow(ArgumentError);
    }
    expect(() => readIds('f', [1, 2], 3)).toThrow(ShapeError);
  });

  test('ids are saved and read as they are', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyId, { selector: (id) => `${typeof id} ${id}` }), (ids) => {
        const one = readIds('f', ids);
        const arrays = writeIds(one);
        const data = Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, array.data]));
        expect(savedIds(data)).toEqual(one);
      }),
    );
  });
});

/** Rows [1, 10 id] of so many ids, some at a time. */
function sampled(ids: readonly RowId[], limit: number, seed: number, size = 7): RowSample {
  const sample = new RowSample(limit, seed);
  for (let from = 0; from < ids.length; from += size) {
    const own = ids.slice(from, from + size);
    sample.add(Float32Array.from(own.flatMap((id) => [1, 10 * Number(id)])), 2, own);
  }
  return sample;
}

describe('a sample', () => {
  const ids = Array.from({ length: 400 }, (_, i) => i);

  test('is of the smallest hashes, of every order and split, bit for bit', () => {
    const hash = idHash(5, STREAMS.sample);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(ids, { minLength: 400 }),
        fc.integer({ min: 1, max: 60 }),
        fc.nat(399),
        (order, limit, cut) => {
          const expected = [...ids].sort((a, b) => hash(a) - hash(b) || compareIds(a, b)).slice(0, limit);
          const joined = sampled(order.slice(0, cut), limit, 5);
          mergeSample('f', joined, sampleState(sampled(order.slice(cut), limit, 5)));
          expect(joined.ids()).toEqual(expected);
          expect(joined.rows()).toEqual(Float32Array.from(expected.flatMap((id) => [1, 10 * id])));
        },
      ),
      { numRuns: 40 },
    );
  });

  test('has every row as likely', () => {
    const counts = new Float64Array(100);
    for (let seed = 0; seed < 2000; seed++) {
      for (const id of sampled(ids.slice(0, 100), 20, seed, 100).ids()) counts[id as number]!++;
    }
    // 400 each, of a hypergeometric draw: the variance is 80 % of a binomial one's
    const chi = counts.reduce((sum, count) => sum + (count - 400) ** 2 / (400 * 0.8), 0);
    expect(chi).toBeLessThan(160); // 99: p = 1e-4
    expect(chi).toBeGreaterThan(55);
  });

  test('without ids is that of the numbers as they come, in their order', () => {
    const sample = new RowSample(30, 5);
    for (let from = 0; from < 400; from += 9) {
      const own = ids.slice(from, from + 9);
      sample.add(Float32Array.from(own.flatMap((id) => [1, 10 * id])), 2);
    }
    const named = sampled(ids, 30, 5).ids() as number[];
    expect(sample.ids()).toEqual(named.sort((a, b) => a - b));
    const all = new RowSample(500, 5);
    const block = Float32Array.from(ids);
    all.add(block, 1);
    expect(all.rows()).toEqual(block);
    const again = all.rows();
    expect(all.rows()).toBe(again); // of one block there is no second copy
  });

  test('ties of hashes go by id', () => {
    expect([3, 'b', 2n ** 60n, -1, 'a'].sort(compareIds)).toEqual([-1, 3, 2n ** 60n, 'a', 'b']);
  });
});

test('the rows that calibrate', () => {
  const ids = Array.from({ length: 5000 }, (_, i) => `row ${i}`);
  const rows = calibrationRows(ids, { share: 0.2, seed: 4 });
  expect(rows.length / 5000).toBeCloseTo(0.2, 1);
  expect(rows).toEqual(Int32Array.from(rows).sort());
  const wider = new Set(calibrationRows(ids, { share: 0.3, seed: 4 }));
  for (const row of rows) expect(wider.has(row)).toBe(true);
  const reversed = calibrationRows([...ids].reverse(), { share: 0.2, seed: 4 });
  expect([...reversed].map((row) => 4999 - row).sort((a, b) => a - b)).toEqual([...rows]);
  expect(calibrationRows(ids, { share: 1 })).toHaveLength(5000);
  expect(() => calibrationRows(ids, { share: 0 })).toThrow(ArgumentError);
  expect(() => calibrationRows(['a', 'a'], { share: 0.5 })).toThrow('"a" again at index 1');
});
