import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  FormatError,
  odmBatches,
  seededRandom,
  type IndexBatch,
  type OdmBatches,
  type OdmBatchesOptions,
} from 'tfjs-ood';

const take = (batches: OdmBatches, count: number): IndexBatch[] => Array.from({ length: count }, () => batches.next());

/** Labels of `counts[c]` images of class c and `out` OoD ones, shuffled. */
function labelsOf(counts: number[], out: number, seed = 1): number[] {
  const sorted = [
    ...counts.flatMap((count, label) => new Array<number>(count).fill(label)),
    ...new Array<number>(out).fill(-1),
  ];
  return [...seededRandom(seed).permutation(sorted.length)].map((i) => sorted[i]!);
}

/** What a batch is made of, counted from its labels and indices alone. */
function composition({ indices, labels }: IndexBatch) {
  const half = indices.length / 2;
  const counts = { similar: 0, dissimilar: 0, out: 0, outPairs: 0, itself: 0 };
  for (let i = 0; i < half; i++) {
    const [left, right] = [labels[i]!, labels[half + i]!];
    if (left < 0 && right < 0) counts.outPairs++;
    else if (right < 0) counts.out++;
    else if (left === right) counts.similar++;
    else counts.dissimilar++;
    if (indices[i] === indices[half + i]) counts.itself++;
  }
  return counts;
}

const paperLabels = labelsOf([700, 600, 500, 300], 600);

describe("the authors' batches of 1024", () => {
  test('128 similar and 384 other pairs; in odd batches 128, 128 and 256 with OoD', () => {
    const batches = odmBatches(paperLabels, { seed: 3 });
    expect(batches.stepsPerEpoch).toBe(4); // 2100 known images, 512 a batch
    for (const [i, batch] of take(batches, 11).entries()) {
      expect(batch.indices).toHaveLength(1024);
      expect([...batch.labels]).toEqual([...batch.indices].map((row) => paperLabels[row]));
      const expected =
        i % 2 === 1 ? { similar: 128, dissimilar: 128, out: 256 } : { similar: 128, dissimilar: 384, out: 0 };
      expect(composition(batch)).toEqual({ ...expected, outPairs: 0, itself: 0 });
      expect([batch.epoch, batch.step]).toEqual([Math.floor(i / 4), i % 4]);
    }
  });

  test('similar pairs come first, OoD rows are the last 256', () => {
    const [, { labels }] = take(odmBatches(paperLabels, { seed: 3 }), 2) as [IndexBatch, IndexBatch];
    for (let i = 0; i < 512; i++) {
      const kind = labels[512 + i]! < 0 ? 'out' : labels[512 + i] === labels[i] ? 'similar' : 'dissimilar';
      expect(kind).toBe(i < 128 ? 'similar' : i < 256 ? 'dissimilar' : 'out');
    }
  });

  test('OoD batches are counted over the run, not over the epoch', () => {
    const labels = labelsOf([6, 6], 5);
    const batches = odmBatches(labels, { seed: 1, batchSize: 8 }); // 3 steps an epoch
    expect(take(batches, 9).map((batch) => composition(batch).out > 0)).toEqual(
      [0, 1, 0, 1, 0, 1, 0, 1, 0].map(Boolean),
    );
    const third = odmBatches(labels, { seed: 1, batchSize: 8, outEvery: 3, stepsPerEpoch: 1 });
    expect(take(third, 7).map((batch) => composition(batch).out)).toEqual([0, 0, 2, 0, 0, 2, 0]);
    const every = odmBatches(labels, { seed: 1, batchSize: 8, outEvery: 1, outShare: 0.5 });
    expect(take(every, 3).map((batch) => composition(batch).out)).toEqual([4, 4, 4]);
    const never = odmBatches(labels, { seed: 1, batchSize: 8, outEvery: 0 });
    expect(take(never, 9).every((batch) => composition(batch).out === 0)).toBe(true);
  });
});

describe('for any labels and options', () => {
  const setting = fc.record({
    counts: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 2, maxLength: 5 }),
    out: fc.integer({ min: 1, max: 20 }),
    half: fc.integer({ min: 2, max: 9 }),
    outRows: fc.integer({ min: 0, max: 9 }),
    similarShare: fc.double({ min: 0, max: 1, noNaN: true }),
    outEvery: fc.integer({ min: 0, max: 3 }),
    seed: fc.maxSafeInteger(),
    stepsPerEpoch: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
  });

  test('each batch is composed as asked', () => {
    fc.assert(
      fc.property(setting, ({ counts, out, half, outRows, similarShare, outEvery, seed, stepsPerEpoch }) => {
        const labels = labelsOf(counts, out, seed);
        const known = counts.reduce((sum, count) => sum + count, 0);
        fc.pre(known >= half);
        const outCount = Math.min(outRows, half);
        const options = { seed, batchSize: 2 * half, outShare: outCount / (2 * half), outEvery, similarShare };
        const batches = odmBatches(labels, { ...options, ...(stepsPerEpoch && { stepsPerEpoch }) });
        const pass = Math.floor(known / half);
        expect(batches.stepsPerEpoch).toBe(stepsPerEpoch ?? pass);
        const similar = Math.round(similarShare * half);
        const drawn: number[] = [];
        let left: number[] = [];
        for (const [i, batch] of take(batches, 12).entries()) {
          const outHere = outEvery > 0 && (i + 1) % outEvery === 0 ? outCount : 0;
          const similarHere = Math.min(similar, half - outHere);
          const { itself, ...kinds } = composition(batch);
          expect(kinds).toEqual({
            similar: similarHere,
            dissimilar: half - outHere - similarHere,
            out: outHere,
            outPairs: 0,
          });
          // An image meets itself only where its class has no other.
          const alone = Array.from({ length: similarHere }, (_, k) => counts[batch.labels[k]!] === 1).filter(Boolean);
          expect(itself).toBe(alone.length);
          // No left image twice in one pass over the known images.
          if (batch.step % pass === 0) left = [];
          left.push(...batch.indices.subarray(0, half));
          expect(new Set(left).size).toBe(left.length);
          drawn.push(...batch.indices.subarray(2 * half - outHere));
        }
        // OoD images: every full round holds each of them once.
        const outRowsOfLabels = labels.flatMap((label, row) => (label < 0 ? [row] : []));
        for (let start = 0; start + out <= drawn.length; start += out) {
          expect(drawn.slice(start, start + out).sort((a, b) => a - b)).toEqual(outRowsOfLabels);
        }
        const rest = drawn.slice(drawn.length - (drawn.length % out));
        expect(new Set(rest).size).toBe(rest.length);
      }),
      { numRuns: 150, seed: 7 },
    );
  });

  test('a restored stream is the uninterrupted one, through JSON, at any point', () => {
    fc.assert(
      fc.property(setting, fc.integer({ min: 0, max: 10 }), (given, stop) => {
        const { counts, out, half, similarShare, outEvery, seed, stepsPerEpoch } = given;
        const labels = labelsOf(counts, out, seed);
        fc.pre(labels.length - out >= half);
        const options = { seed, batchSize: 2 * half, outEvery, similarShare, ...(stepsPerEpoch && { stepsPerEpoch }) };
        const whole = take(odmBatches(labels, options), stop + 8);
        const stopped = odmBatches(labels, options);
        take(stopped, stop);
        const saved = JSON.stringify(stopped.state());
        const resumed = odmBatches(labels, options);
        resumed.restore(JSON.parse(saved) as ReturnType<OdmBatches['state']>);
        expect(take(resumed, 8)).toEqual(whole.slice(stop));
        // Back on the one that has gone on.
        take(stopped, 3);
        stopped.restore(JSON.parse(saved) as ReturnType<OdmBatches['state']>);
        expect(take(stopped, 8)).toEqual(whole.slice(stop));
      }),
      { numRuns: 60, seed: 8 },
    );
  });
});

describe('randomness', () => {
  const labels = labelsOf([40, 40, 40], 30);
  const indices = (seed: number, count = 6) =>
    take(odmBatches(labels, { seed, batchSize: 40 }), count).map((batch) => [...batch.indices]);

  test('equal seeds are equal, other seeds differ, epochs differ', () => {
    expect(indices(5)).toEqual(indices(5));
    expect(indices(5)).not.toEqual(indices(6));
    const batches = indices(5, 18); // 6 steps an epoch
    expect(new Set(batches.map((batch) => batch.join())).size).toBe(18);
    expect(batches[0]!.slice(0, 20)).not.toEqual(batches[6]!.slice(0, 20));
  });

  test('the iterator gives the same stream', () => {
    const seen: number[][] = [];
    for (const batch of odmBatches(labels, { seed: 5, batchSize: 40 })) {
      seen.push([...batch.indices]);
      if (seen.length === 6) break;
    }
    expect(seen).toEqual(indices(5));
  });

  test('a batch belongs to the caller', () => {
    const batches = odmBatches(labels, { seed: 5, batchSize: 40 });
    const first = batches.next();
    first.indices.fill(0);
    first.labels.fill(0);
    batches.state().made.batchSize = 2;
    expect([...batches.next().indices]).toEqual(indices(5)[1]);
    expect(batches.state().made.batchSize).toBe(40);
  });

  test('partners are uniform: positives in their class, negatives over all other images', () => {
    const sizes = [30, 10, 20];
    const known = labelsOf(sizes, 0);
    const batches = odmBatches(known, { seed: 2, batchSize: 60, outEvery: 0, similarShare: 0.5 });
    const counts = { similar: new Map<string, number>(), other: new Map<string, number>() };
    const place = (row: number) => row;
    for (const { indices: rows } of take(batches, 6000)) {
      for (let i = 0; i < 30; i++) {
        const key = `${place(rows[i]!)} ${rows[30 + i]!}`;
        const map = i < 15 ? counts.similar : counts.other;
        map.set(key, (map.get(key) ?? 0) + 1);
      }
    }
    // Each left row is as often there as any other, so that all ordered pairs of a class are equally likely.
    for (const [label, size] of sizes.entries()) {
      const of = (map: Map<string, number>) =>
        [...map].filter(([key]) => known[Number(key.split(' ')[0])] === label).map(([, count]) => count);
      expect(of(counts.similar)).toHaveLength(size * (size - 1));
      expect(of(counts.other)).toHaveLength(size * (60 - size));
      for (const map of [counts.similar, counts.other]) {
        expect(unevennessOf(of(map))).toBeGreaterThan(0.6);
        expect(unevennessOf(of(map))).toBeLessThan(1.4);
      }
    }
  });

  test('left images are used equally often where some are left out', () => {
    const known = labelsOf([13, 12], 0);
    const used = new Array<number>(25).fill(0);
    for (const { indices: rows } of take(odmBatches(known, { seed: 4, batchSize: 20, outEvery: 0 }), 4000)) {
      for (const row of rows.subarray(0, 10)) used[row]!++;
    }
    // 20 of 25 an epoch: less spread than independent draws, 0.2 of theirs.
    expect(unevennessOf(used)).toBeLessThan(0.5);
  });
});

/** Chi-squared statistic against equal shares, divided by its degrees of freedom: about 1. */
function unevennessOf(counts: number[]): number {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0) / (counts.length - 1);
}

describe('small sets', () => {
  test('an image without another of its class meets itself', () => {
    const batch = odmBatches([0, 1], { seed: 1, batchSize: 4, outEvery: 0, similarShare: 1 }).next();
    expect([...batch.indices.subarray(0, 2)]).toEqual([...batch.indices.subarray(2)]);
  });

  test('fewer OoD images than a batch wants are repeated, as evenly as can be', () => {
    const labels = labelsOf([10, 10], 3);
    const { labels: of, indices } = odmBatches(labels, { seed: 1, batchSize: 20, outEvery: 1, outShare: 0.4 }).next();
    const out = [...indices].filter((_, i) => of[i]! < 0);
    const counts = [...new Set(out)].map((row) => out.filter((other) => other === row).length);
    expect(counts.sort()).toEqual([2, 3, 3]);
  });

  test('no OoD image is twice in a batch where there are enough, also where a round ends in it', () => {
    for (const [out, wanted] of [
      [8, 8],
      [9, 8],
      [11, 8],
      [15, 8],
      [16, 8],
      [17, 8],
      [60, 32],
      [700, 32],
    ] as const) {
      const labels = labelsOf([40, 40], out);
      const options = { seed: 5, batchSize: 64, outEvery: 1, outShare: wanted / 64 };
      const batches = odmBatches(labels, options);
      const drawn: number[] = [];
      for (let i = 0; i < 300; i++) {
        const { indices } = batches.next();
        const own = indices.subarray(64 - wanted);
        expect(new Set(own).size, `${out} images, batch ${i}`).toBe(wanted);
        drawn.push(...own);
      }
      for (let start = 0; start + out <= drawn.length; start += out) {
        expect(new Set(drawn.slice(start, start + out)).size).toBe(out); // each once in a round
      }
      // Far into the run, from the counters alone.
      const resumed = odmBatches(labels, options);
      const at = batches.state();
      resumed.restore(at);
      expect(take(resumed, 20)).toEqual(take(batches, 20));
      batches.restore({ ...at, epoch: 1, step: 0 });
      resumed.restore({ ...at, epoch: 1, step: 0 });
      expect(take(resumed, 20)).toEqual(take(batches, 20));
    }
  });

  test('orders that keep the rounds of a batch apart are equally likely', () => {
    // 3 images, 2 in a batch: of the second batch c is given, then a or b; the third batch is what is left.
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 3000; seed++) {
      const batches = odmBatches([0, 1, 0, 1, -1, -1, -1], { seed, batchSize: 4, outEvery: 1, outShare: 0.5 });
      const rows = take(batches, 3).flatMap(({ indices }) => [...indices.subarray(2)]);
      counts.set(rows.join(' '), (counts.get(rows.join(' ')) ?? 0) + 1);
    }
    // 6 first rounds; then the first of the second round is one of two, and the order of the others free.
    expect(counts.size).toBe(24);
    expect(unevennessOf([...counts.values()])).toBeLessThan(2);
  });

  test('labels keep their own values, also several below 0', () => {
    const labels = [5, 5, 900, 900, -2, -7];
    const seen = new Set(
      take(odmBatches(labels, { seed: 1, batchSize: 4, outEvery: 1 }), 6).flatMap((b) => [...b.labels]),
    );
    expect([...seen].sort((a, b) => a - b)).toEqual([-7, -2, 5, 900]);
  });

  test('an epoch longer than one pass', () => {
    const labels = labelsOf([10, 10], 5);
    const batches = odmBatches(labels, { seed: 1, batchSize: 20, stepsPerEpoch: 5 });
    const all = take(batches, 10);
    expect(all.map(({ epoch, step }) => 10 * epoch + step)).toEqual([0, 1, 2, 3, 4, 10, 11, 12, 13, 14]);
    const left = all.map(({ indices }) => indices.subarray(0, 10).join());
    expect(new Set(left).size).toBe(10); // a new permutation for each pass
  });
});

describe('errors', () => {
  const good = labelsOf([10, 10], 5);
  const make = (labels: ArrayLike<number>, options: Partial<OdmBatchesOptions> = {}) =>
    odmBatches(labels, { seed: 1, batchSize: 8, ...options });

  test.each<[string, () => unknown, RegExp]>([
    ['too few known images', () => make([0, 1, 0, -1]), /labels must be at least 4 labels from 0.*got 3/],
    ['no labels', () => make([]), /got 0 of them/],
    ['one class', () => make([0, 0, 0, 0, -1]), /two known classes.*got one class/],
    ['no OoD images', () => make([0, 1, 0, 1]), /labels must be some below 0.*outEvery: 0.*got none/],
    ['odd batch', () => make(good, { batchSize: 7 }), /batchSize must be an even whole number from 2, got 7/],
    ['batch of 0', () => make(good, { batchSize: 0 }), /batchSize/],
    ['fraction', () => make([0, 1.5, 1, 1]), /labels must be whole numbers.*1.5 at index 1/],
    ['past 32 bits', () => make([0, 2 ** 31, 1, 1]), /2147483648 at index 1/],
    ['NaN', () => make([0, 1, NaN, 1]), /NaN at index 2/],
    ['outShare', () => make(good, { outShare: 0.6 }), /outShare must be a number from 0 to 0.5, got 0.6/],
    ['outShare below one row', () => make(good, { outShare: 0.01 }), /outShare.*one of 8 rows/],
    ['outEvery', () => make(good, { outEvery: -1 }), /outEvery/],
    ['similarShare', () => make(good, { similarShare: NaN }), /similarShare/],
    ['stepsPerEpoch', () => make(good, { stepsPerEpoch: 0 }), /stepsPerEpoch/],
    ['seed', () => make(good, { seed: 0.5 }), /seed must be a whole number, got 0.5/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
    expect(call).toThrow(/^odmBatches: /);
  });

  test('what is enough is enough', () => {
    expect(() => make([0, 0, 0, 0, -1], { similarShare: 1 })).not.toThrow();
    expect(() => make([0, 1, 0, 1], { outEvery: 0 })).not.toThrow();
    expect(() => make([0, 1, 0, 1], { outShare: 0 })).not.toThrow();
  });

  test('a state of other labels or options is refused with what differs, and changes nothing', () => {
    const batches = make(good);
    take(batches, 2);
    const before = batches.state();
    const other = (options: Partial<OdmBatchesOptions>, labels = good) => make(labels, options).state();
    const swapped = [...good];
    const [a, b] = [good.indexOf(0), good.indexOf(1)];
    [swapped[a], swapped[b]] = [1, 0];
    const refused: [unknown, RegExp][] = [
      [other({ seed: 2 }), /state\.made\.seed must be 1, as in these batches, got 2/],
      [other({ batchSize: 10 }), /batchSize/],
      [other({ outShare: 0.5 }), /outShare/],
      [other({ outEvery: 0 }), /outEvery/],
      [other({ similarShare: 0.5 }), /similarShare/],
      [other({ stepsPerEpoch: 3 }), /stepsPerEpoch/],
      [other({}, [...good, 0]), /labels/],
      [other({}, swapped), /fingerprint/],
      [{ ...before, version: 2 }, /state\.version must be 1, got 2/],
      [{ ...before, step: 5 }, /state\.step must be a whole number from 0 to 4, got 5/],
      [{ ...before, epoch: -1 }, /state\.epoch/],
      [{ ...before, epoch: '1' }, /state\.epoch.*got "1"/],
      [{ version: 1, epoch: 0, step: 0 }, /got nothing/],
      [null, /state\.version/],
    ];
    for (const [state, message] of refused) {
      expect(() => batches.restore(state as typeof before)).toThrow(FormatError);
      expect(() => batches.restore(state as typeof before)).toThrow(message);
    }
    expect(batches.state()).toEqual(before);
  });
});

test('60,000 labels take milliseconds a batch', () => {
  const labels = labelsOf(new Array<number>(10).fill(5500), 5000);
  const batches = odmBatches(labels, { seed: 1 });
  take(batches, 5);
  const start = performance.now();
  take(batches, 100);
  expect((performance.now() - start) / 100).toBeLessThan(20); // 0.3 ms here
});
