import fc from 'fast-check';
import { ArgumentError, classBalancedBatches, type ClassBalancedBatchesOptions } from 'tfjs-ood';
import { describe, expect, test } from 'vitest';

/** 3 classes of 7, 4 and 1 images among 5 OoD ones, mixed. */
const LABELS = [0, 2, -1, 0, 1, 0, -1, 0, 2, 0, 2, -1, 0, 2, -1, 0, -1];
const make = (options: Partial<ClassBalancedBatchesOptions> = {}, labels: ArrayLike<number> = LABELS) =>
  classBalancedBatches(labels, { seed: 1, classesPerBatch: 2, rowsPerClass: 3, ...options });

const labelLists = fc
  .array(fc.integer({ min: -1, max: 5 }), { minLength: 1, maxLength: 60 })
  .filter((labels) => labels.some((label) => label >= 0));

test('each batch has P classes with K images of each, then the OoD images', () => {
  fc.assert(
    fc.property(
      labelLists,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 5 }),
      fc.boolean(),
      (labels, p, k, wantsOut) => {
        const classes = new Set(labels.filter((label) => label >= 0)).size;
        const hasOut = labels.some((label) => label < 0);
        const classesPerBatch = Math.min(p, classes);
        const known = classesPerBatch * k;
        const outShare = wantsOut && hasOut && known > 1 ? 0.4 : 0;
        const outCount = Math.round((known * outShare) / (1 - outShare));
        const batches = make({ classesPerBatch, rowsPerClass: k, outShare }, labels);
        for (let i = 0; i < 5; i++) {
          const batch = batches.next();
          expect(batch.labels).toEqual(batch.indices.map((row) => labels[row]!));
          expect(batch.indices).toHaveLength(known + outCount);
          expect(batch.labels.slice(known).every((label) => label < 0)).toBe(true);
          const counts = new Map<number, number[]>();
          batch.labels
            .slice(0, known)
            .forEach((label, at) => counts.set(label, [...(counts.get(label) ?? []), batch.indices[at]!]));
          expect(counts.size).toBe(classesPerBatch);
          for (const [label, rows] of counts) {
            expect(label).toBeGreaterThanOrEqual(0);
            expect(rows).toHaveLength(k);
            // An image comes again only after all of its class came: counts differ by one at most.
            const size = labels.filter((one) => one === label).length;
            const times = [...new Set(rows)].map((row) => rows.filter((one) => one === row).length);
            expect(new Set(rows).size).toBe(Math.min(k, size));
            expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
          }
        }
      },
    ),
  );
});

test('the seed gives the stream; another seed another one', () => {
  const first = (seed: number) => {
    const batches = make({ seed, outShare: 0.25 });
    return Array.from({ length: 20 }, () => [...batches.next().indices]);
  };
  expect(first(3)).toEqual(first(3));
  expect(first(3)).not.toEqual(first(4));
  expect(new Set(first(3).map(String)).size).toBeGreaterThan(10);
});

test('going on from a saved state gives the rest of the stream', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 1, max: 4 }), (done, stepsPerEpoch) => {
      const whole = make({ outShare: 0.25, stepsPerEpoch });
      for (let i = 0; i < done; i++) whole.next();
      const state = JSON.parse(JSON.stringify(whole.state())) as ReturnType<typeof whole.state>;
      const again = make({ outShare: 0.25, stepsPerEpoch });
      again.restore(state);
      for (let i = 0; i < 6; i++) expect(again.next()).toEqual(whole.next());
    }),
  );
});

test('every class comes as often, however rare it is; OoD images come each once before any comes again', () => {
  const batches = make({ outShare: 0.25, seed: 5 });
  const classCounts = [0, 0, 0];
  const outRows: number[] = [];
  for (let i = 0; i < 600; i++) {
    const { labels, indices } = batches.next();
    new Set(labels).forEach((label) => label >= 0 && classCounts[label]!++);
    labels.forEach((label, at) => label < 0 && outRows.push(indices[at]!));
  }
  // Two of three classes in each batch: 400 times each, give or take three standard deviations.
  for (const count of classCounts) expect(Math.abs(count - 400)).toBeLessThan(3 * Math.sqrt(600 * (2 / 3) * (1 / 3)));
  for (let from = 0; from + 5 <= outRows.length; from += 5) expect(new Set(outRows.slice(from, from + 5)).size).toBe(5);
});

test('epochs and steps are counted; an epoch has as many steps as hold the known images', () => {
  const batches = make();
  expect(batches.stepsPerEpoch).toBe(2); // 12 known images, 6 a batch
  const places = Array.from({ length: 5 }, () => batches.next()).map(({ epoch, step }) => [epoch, step]);
  expect(places).toEqual([
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
    [2, 0],
  ]);
});

describe('refuses', () => {
  test.each([
    [{ seed: 0.5 }, 'seed must be a whole number, got 0.5'],
    [{ classesPerBatch: 0 }, 'classesPerBatch must be a whole number from 1, got 0'],
    [{ classesPerBatch: 4 }, 'labels must be of 4 known classes or more, classesPerBatch, got 3 of them'],
    [{ rowsPerClass: 1.5 }, 'rowsPerClass must be a whole number from 1'],
    [{ outShare: 0.6 }, 'outShare must be a number from 0 to 0.5, got 0.6'],
    [{ outShare: 0.01 }, 'outShare must be 0, or enough for a row beside 6'],
    [{ stepsPerEpoch: 0 }, 'stepsPerEpoch must be a whole number from 1'],
  ])('%j', (options, message) => {
    expect(() => make(options)).toThrow(ArgumentError);
    expect(() => make(options)).toThrow(`classBalancedBatches: ${message}`);
  });

  test('labels that are none, and OoD images where there are none', () => {
    expect(() => make({}, [0, NaN])).toThrow('labels must be whole numbers below 2147483648, got NaN at index 1');
    expect(() => make({}, [0, 0.5])).toThrow('labels must be whole numbers below 2147483648, got 0.5 at index 1');
    expect(() => make({ outShare: 0.25 }, [0, 1])).toThrow('labels must be some below 0');
  });

  test('a state of other labels or options', () => {
    const state = make().state();
    expect(() => make({ rowsPerClass: 2 }).restore(state)).toThrow(
      'state.made.rowsPerClass must be 2, as in these batches, got 3',
    );
    expect(() => make({}, [...LABELS].reverse()).restore(state)).toThrow('state.made.fingerprint');
    expect(() => make().restore({ ...state, step: 7 })).toThrow('state.step must be a whole number from 0 to 1, got 7');
  });
});
