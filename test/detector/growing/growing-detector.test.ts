import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArgumentError, NotFiniteError, ShapeError } from 'tfjs-ood';
import { growingDetector, loadGrowingDetector, type GrowingDetector } from 'tfjs-ood/detector';
import { onEachBackend } from '../../on-each-backend';
import { complaint, float32, normalRows, rowsOf } from './made-rows';
import { naiveConformal } from './naive-conformal';

describe('the p-values are those of the definition', () => {
  for (const normalize of ['length', 'none'] as const) {
    for (const k of [1, 2, 3, 7]) {
      test(`${normalize}, k = ${k}`, async () => {
        for (const [count, size] of [
          [k + 1, 3],
          [8, 1],
          [25, 2],
          [40, 16],
        ] as const) {
          const known = normalRows(count, size, 10 * k + size);
          const asked = [...normalRows(12, size, 99 + k), ...normalRows(3, size, 5, 4)];
          const detector = growingDetector({ k, normalize });
          await detector.add(rowsOf(...known), 'a');
          const naive = asked.map((row) => naiveConformal(known, row, { k, normalize }));
          expect(Array.from(await detector.pValues(rowsOf(...asked)))).toEqual(naive.map(({ pValue }) => pValue));
          const verdicts = await detector.predict(rowsOf(...asked), { alpha: 0.6 });
          verdicts.forEach(({ score }, i) => expect(score).toBeCloseTo(naive[i]!.score, 12));
        }
      });
    }
  }

  test('small whole numbers, where ties and duplicates are many', async () => {
    const small = fc.array(fc.integer({ min: -1, max: 1 }), { minLength: 2, maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(small, { minLength: 4, maxLength: 12 }),
        small,
        fc.integer({ min: 1, max: 3 }),
        async (known, asked, k) => {
          const detector = growingDetector({ k, normalize: 'none' });
          await detector.add(rowsOf(...known), 0);
          const { pValue } = naiveConformal(known, asked, { k, normalize: 'none' });
          expect(Array.from(await detector.pValues(rowsOf(asked)))).toEqual([pValue]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('worked by hand: 0, 1, 3 and a candidate at 7, then at 1', async () => {
    const detector = growingDetector({ normalize: 'none' });
    await detector.add(rowsOf([0], [1], [3]), 'a');
    // 7: its score 4; of the rows 1, 1, 2. 1: its score 0, with which that of the row at 1 falls to 0, too.
    expect(Array.from(await detector.pValues(rowsOf([7], [1])))).toEqual([1 / 4, 1]);
    // 5: its score 2, and 3 has 1 at 2, and 5 at 2: a tie counts.
    expect(Array.from(await detector.pValues(rowsOf([5])))).toEqual([2 / 4]);
  });
});

describe('grown is refitted, bit for bit', () => {
  /** Rows of which some repeat, some are zero, some tie. */
  const row = fc.oneof(
    fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 3, maxLength: 3 }),
    fc.array(fc.float({ min: -10, max: 10, noNaN: true }), { minLength: 3, maxLength: 3 }),
  );
  const label = fc.constantFrom('a', 'b', 'c', 'd');
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ add: fc.array(row, { minLength: 1, maxLength: 4 }), label }) },
    { weight: 1, arbitrary: fc.record({ remove: label }) },
    { weight: 1, arbitrary: fc.constant({ load: true }) },
  );

  test('whatever was added, removed, saved and loaded between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom('length', 'none'),
        fc.array(row, { minLength: 1, maxLength: 5 }),
        async (steps, k, normalize, asked) => {
          const options = { k, normalize, alpha: 0.3 };
          let grown = growingDetector(options);
          let left: { row: number[]; label: string }[] = [];
          for (const one of steps) {
            if ('load' in one) grown = await loadGrowingDetector(grown.toBytes());
            else if ('add' in one) {
              await grown.add(rowsOf(...one.add), one.label);
              left.push(...one.add.map((own) => ({ row: own, label: one.label })));
            } else if (left.some(({ label: own }) => own === one.remove)) {
              const before = left.length;
              left = left.filter(({ label: own }) => own !== one.remove);
              expect(await grown.remove(one.remove)).toBe(before - left.length);
            }
          }
          const fresh = growingDetector(options);
          if (left.length > 0) {
            await fresh.add(
              rowsOf(...left.map((own) => own.row)),
              left.map((own) => own.label),
            );
          }
          expect(grown.toBytes()).toEqual(fresh.toBytes());
          expect([...grown.counts()]).toEqual([...fresh.counts()]);
          expect(grown.calibration).toEqual(fresh.calibration);
          if (left.length <= k) return;
          const [a, b] = [await grown.pValues(rowsOf(...asked)), await fresh.pValues(rowsOf(...asked))];
          expect(a).toEqual(b);
          const alpha = Math.max(0.3, 1 / (left.length + 1));
          expect(await grown.predict(rowsOf(...asked), { alpha })).toEqual(
            await fresh.predict(rowsOf(...asked), { alpha }),
          );
          // And what is kept of each row is what the definition says, not only the same twice
          const known = float32(left.map((own) => own.row));
          if (normalize === 'length') return;
          for (const [i, own] of float32(asked).entries()) {
            const { least, most } = naiveConformal(known, own, options);
            expect(a[i]).toBeGreaterThanOrEqual(least);
            expect(a[i]).toBeLessThanOrEqual(most);
          }
        },
      ),
      { numRuns: 250 },
    );
  });
});

describe('how many rows a verdict takes', () => {
  const rows = (count: number) => rowsOf(...normalRows(count, 4, 3));

  test('19 for 0.05: with 18 the error says so, with 19 what is far is unknown', async () => {
    const detector = growingDetector({ normalize: 'none' });
    expect(detector.calibration).toEqual({ count: 0, smallestAlpha: 1, canAlarm: false });
    await detector.add(rows(18), 'a');
    expect(detector.calibration).toEqual({ count: 18, smallestAlpha: 1 / 19, canAlarm: false });
    const far = rowsOf([50, 0, 0, 0]);
    const error = await complaint(detector.predict(far));
    expect(error!.message).toMatch(
      /alpha must be 0\.0526\d* or more for 18 rows, or for 19 rows, of which 18 are there/,
    );
    expect((await detector.predict(far, { alpha: 1 / 19 }))[0]).toMatchObject({ isOod: true, pValue: 1 / 19 });
    expect(Array.from(await detector.pValues(far))).toEqual([1 / 19]);
    await detector.add(rowsOf([0, 0, 0, 0]), 'a');
    expect(detector.calibration).toEqual({ count: 19, smallestAlpha: 1 / 20, canAlarm: true });
    expect((await detector.predict(far))[0]).toMatchObject({ isOod: true, pValue: 0.05 });
    expect((await detector.predict(far, { alpha: 1 - 0.95 }))[0]!.isOod).toBe(true); // 0.05000000000000004
    expect(await complaint(detector.predict(far, { alpha: 0.049 }))).toBeInstanceOf(ArgumentError);
  });

  test('none, and not more than k', async () => {
    const detector = growingDetector({ k: 3 });
    for (const count of [0, 1, 2]) {
      expect(detector.calibration).toEqual({ count, smallestAlpha: 1, canAlarm: false });
      expect((await complaint(detector.pValues(rows(1))))!.message).toBe(
        `growingDetector.pValues: rows must be at least 4, by k = 3, got ${count}`,
      );
      expect((await complaint(detector.predict(rows(1), { alpha: 0.9 })))!.message).toMatch(
        `alpha must be for 4 rows, of which ${count} are there`,
      );
      await detector.add(rows(1), 'a');
    }
    await detector.add(rows(1), 'a');
    expect(await detector.pValues(rows(2))).toHaveLength(2);
    expect(detector.calibration.smallestAlpha).toBe(0.2);
  });

  test('one label alone is enough', async () => {
    const detector = growingDetector();
    await detector.add(rows(20), 'only');
    expect((await detector.predict(rows(1)))[0]).toMatchObject({ answer: 'only', confidences: { only: 1 } });
  });
});

describe('rows', () => {
  test('zero rows have distance 1 from others and 0 from each other', async () => {
    const detector = growingDetector({ alpha: 0.3 });
    await detector.add(rowsOf([0, 0], [3, 0], [0, 1e-20]), 'a');
    const scores = (await detector.predict(rowsOf([0, 0], [-1e30, 0], [5, 0]))).map(({ score }) => score);
    expect(scores).toEqual([0, 1, 0]);
  });

  test('equal rows: one more of them is as known as can be, another one is not', async () => {
    const detector = growingDetector();
    await detector.add(rowsOf(...Array.from({ length: 30 }, () => [1, 2, 3])), 'a');
    const [same, other] = await detector.predict(rowsOf([1, 2, 3], [1, 2, 3.001]));
    expect(same).toMatchObject({ pValue: 1, isOod: false, score: 0 });
    expect(other).toMatchObject({ pValue: 1 / 31, isOod: true });
  });

  test('large and tiny numbers stay numbers', async () => {
    const detector = growingDetector({ normalize: 'none', alpha: 0.4 });
    await detector.add(rowsOf([3e38, -3e38], [-3e38, 3e38], [1e-45, 0]), 'a');
    const [verdict] = await detector.predict(rowsOf([-3e38, -3e38]));
    expect(Number.isFinite(verdict!.score)).toBe(true);
  });

  test('no rows, another width, not finite, no rows at all: nothing is added', async () => {
    const detector = growingDetector();
    await detector.add({ data: new Float32Array(0), shape: [0, 5] }, 'a');
    expect(detector.calibration.count).toBe(0);
    await detector.add(rowsOf(...normalRows(20, 3, 1)), 'a'); // no row, no width
    expect(await detector.predict({ data: new Float32Array(0), shape: [0, 3] })).toEqual([]);
    const before = detector.toBytes();
    for (const name of ['add', 'predict', 'pValues'] as const) {
      const call = (given: unknown) =>
        complaint(name === 'add' ? detector.add(given as never, 'a') : detector[name](given as never));
      const width = await call(rowsOf([1, 2]));
      expect(width).toBeInstanceOf(ShapeError);
      expect(width!.message).toBe(`growingDetector.${name}: features must be [N, 3], as the rows before, got [1, 2]`);
      const notFinite = await call(rowsOf([1, 2, 3], [1, NaN, 3]));
      expect(notFinite).toBeInstanceOf(NotFiniteError);
      expect(notFinite!.message).toMatch(
        `growingDetector.${name}: features must be finite numbers, got NaN at row 1, column 1`,
      );
      for (const wrong of [
        undefined,
        null,
        5,
        [1, 2, 3],
        { data: ['1', 2, 3], shape: [3] },
        { data: new Float32Array(3) },
      ]) {
        expect((await call(wrong))?.message).toMatch(`growingDetector.${name}: features`);
      }
      expect(await call({ data: new Float32Array(2), shape: [3] })).toBeInstanceOf(ShapeError);
    }
    expect(detector.toBytes()).toEqual(before);
  });

  test('calls that nobody awaits have their turn in order, by what was given when they were called', async () => {
    const grown = growingDetector({ alpha: 0.2 });
    const data = Float32Array.of(1, 0);
    const labels = ['a'];
    const adds: Promise<unknown>[] = [];
    for (let i = 0; i < 12; i++) {
      data.set([Math.cos(i), Math.sin(i)]);
      labels[0] = 'abc'[i % 3]!;
      adds.push(grown.add({ data, shape: [1, 2] }, labels));
    }
    const refused = complaint(grown.add(rowsOf([1, 2, 3]), 'a')); // and one that fails stops no other
    const removed = grown.remove('b');
    const predicted = grown.predict(rowsOf([1, 0]));
    data.fill(9);
    await Promise.all(adds);
    expect(await refused).toBeInstanceOf(ShapeError);
    expect(await removed).toBe(4);
    const kept = [0, 2, 3, 5, 6, 8, 9, 11];
    const fresh = growingDetector({ alpha: 0.2 });
    await fresh.add(
      rowsOf(...kept.map((i) => [Math.cos(i), Math.sin(i)])),
      kept.map((i) => 'abc'[i % 3]!),
    );
    expect(grown.toBytes()).toEqual(fresh.toBytes());
    expect(await predicted).toEqual(await fresh.predict(rowsOf([1, 0])));
  });

  test('saves where tfjs saves, and reads a file of Node', async () => {
    const detector = growingDetector({ alpha: 0.2 });
    await detector.add(rowsOf(...normalRows(9, 3, 1)), 'a');
    let kept: tf.io.ModelArtifacts | undefined;
    const handler: tf.io.IOHandler = {
      save: (artifacts) => {
        kept = artifacts;
        return Promise.resolve({ modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } });
      },
      load: () => Promise.resolve(kept!),
    };
    await detector.save(handler);
    const again = await loadGrowingDetector(handler);
    expect(again.toBytes()).toEqual(detector.toBytes());
    await again.add(rowsOf([0, 0, 1]), 'b');
    await detector.add(rowsOf([0, 0, 1]), 'b');
    expect(again.toBytes()).toEqual(detector.toBytes());
    const error = await complaint(detector.save(undefined as never));
    expect(error!.message).toMatch('growingDetector.save: target must be');
    expect((await complaint(loadGrowingDetector(5 as never)))!.message).toMatch('loadGrowingDetector: source must be');
  });

  test('rows that are written over later change nothing', async () => {
    const data = Float32Array.from(normalRows(20, 3, 1).flat());
    const detector = growingDetector();
    await detector.add({ data, shape: [20, 3] }, 'a');
    const bytes = detector.toBytes();
    data.fill(0);
    expect(detector.toBytes()).toEqual(bytes);
  });
});

onEachBackend('a growing detector', () => {
  test('takes tensors of one row or more, and leaves none behind', async () => {
    const known = normalRows(20, 6, 2);
    const [one, all] = [tf.tensor1d(known[0]!), tf.tensor2d(known.slice(1))];
    const detector: GrowingDetector = growingDetector();
    await detector.add(one, 'a');
    await detector.add(all, 'a');
    const plain = growingDetector();
    await plain.add(rowsOf(...known), 'a');
    expect(detector.toBytes()).toEqual(plain.toBytes());
    expect(await detector.predict(one)).toEqual(
      await plain.predict({ data: Float32Array.from(known[0]!), shape: [6] }),
    );
    const whole = tf.tensor2d([1, 2, 3, 4, 5, 6], [1, 6], 'int32');
    expect(await detector.pValues(whole)).toEqual(await plain.pValues(rowsOf([1, 2, 3, 4, 5, 6])));
    tf.dispose([one, all, whole]);
  });
});
