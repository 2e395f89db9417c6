import fc from 'fast-check';
import { auroc, averagePrecision } from 'tfjs-ood';
import { describe, expect, test } from 'vitest';
import { buildPageData } from '../../src/report/build-page-data';
import { spread } from '../../src/report/charts/embedding-chart';
import { confusionOf } from '../../src/report/confusion';
import { worstRows } from '../../src/report/mistakes';
import { packPageData, unpackPageData } from '../../src/report/pack-page-data';
import { UNIT } from '../../src/report/page-data';
import { linearView, umapView } from '../../src/report/points/point-views';
import { histogramOf, scoreRange } from '../../src/report/score-range';
import { fromBase64, toBase64 } from '../../src/report/to-base64';
import { countAbove } from '../../src/report/page/threshold-panel';
import { makeReport, makeSet, noPicture } from './report-input';

const encodeImage = noPicture;

describe('the data of a page', () => {
  test('come back from their bytes as they were', async () => {
    const data = await buildPageData(makeReport({ names: ['a', '$array', '__proto__x', '</script>'] }), {
      encodeImage,
    });
    expect(unpackPageData(packPageData(data))).toEqual(data);
    expect(unpackPageData(fromBase64(toBase64(packPageData(data))))).toEqual(data);
  });

  test('base64 of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000 }), (bytes) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect(fromBase64(toBase64(bytes))).toEqual(bytes);
      }),
      { numRuns: 30 },
    );
  });

  test('curves have the areas of the metrics, and precision ends where all is found', async () => {
    const report = makeReport();
    const { sets } = await buildPageData(report, { encodeImage });
    report.out.forEach(({ scores }, i) => {
      const { roc, precisionRecall } = sets[i + 1]!;
      expect(roc!.area).toBe(auroc(report.known.scores, scores));
      expect(precisionRecall!.area).toBe(averagePrecision(report.known.scores, scores));
      expect(precisionRecall!.x.filter((recall) => recall === 1)).toHaveLength(1);
      expect([roc!.x[0], roc!.y[0], roc!.x.at(-1), roc!.y.at(-1)]).toEqual([0, 0, 1, 1]);
    });
  });

  test('points are those of the history, with their own scores and classes', async () => {
    const report = makeReport();
    const { points, sets } = await buildPageData(report, { encodeImage });
    expect(Array.from(points!.set)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2]);
    expect(Array.from(points!.row)).toEqual([0, 3, 7, 11, 0, 3, 7, 11, 0, 3, 7, 11]);
    points!.row.forEach((row, p) => expect(points!.score[p]).toBe(sets[points!.set[p]!]!.scores[row]));
    expect(points!.label[1]).toBe(0);
    expect(points!.label[5]).toBe(-1);
    expect(points!.views[0]!.epochs).toEqual([1, 2, 3, 4, 5]);
    expect(points!.views[0]!.coordinates).toHaveLength(5 * 12 * 3);
  });

  test('a history to compare with has the same points and epochs, at places of its own', async () => {
    const { history, ...rest } = makeReport({ size: 2 });
    const shifted = history!.epochs.map(({ epoch, embeddings }) => ({
      epoch,
      // In another order, and each point three times as far and turned by a right angle.
      embeddings: Object.fromEntries(
        Object.entries(embeddings)
          .reverse()
          .map(([name, { data, shape }]) => [
            name,
            { shape, data: data.map((_, i) => 3 * (i % 2 ? data[i - 1]! : -data[i + 1]!)) },
          ]),
      ),
    }));
    const { points } = await buildPageData(
      {
        ...rest,
        history: { ...history!, name: 'one' },
        compareWith: { rows: history!.rows, epochs: shifted, name: 'other' },
      },
      { encodeImage: noPicture },
    );
    const { names, view } = points!.beside!;
    expect(names).toEqual(['one', 'other']);
    expect(view.epochs).toEqual(points!.views[0]!.epochs);
    const own = points!.views[0]!.coordinates;
    expect(view.coordinates).toHaveLength(own.length);
    // In axes of its own: the scale goes, the turn stays.
    for (let i = 0; i < own.length; i += 2) {
      expect(Math.abs(view.coordinates[i]! + own[i + 1]!)).toBeLessThanOrEqual(2);
      expect(Math.abs(view.coordinates[i + 1]! - own[i]!)).toBeLessThanOrEqual(2);
    }
  });

  test('without a history: half of the points known, the rest shared, each row once', async () => {
    const report = makeReport({ count: 300, history: false });
    const { points } = await buildPageData(report, { encodeImage, points: 80, images: 50 });
    expect([0, 1, 2].map((set) => points!.set.filter((of) => of === set).length)).toEqual([40, 20, 20]);
    expect(new Set(Array.from(points!.row, (row, p) => `${points!.set[p]}/${row}`)).size).toBe(80);
    expect(points!.views[0]!.epochs).toEqual([-1]);
    const again = await buildPageData(report, { encodeImage, points: 80, images: 50 });
    expect(again).toEqual(await buildPageData(report, { encodeImage, points: 80, images: 50 }));
  });

  test('no more images than asked for, each once, mistakes first', async () => {
    const { points, mistakes } = await buildPageData(makeReport(), { encodeImage, images: 10, mistakes: 3 });
    const cells = [...mistakes.flatMap(({ items }) => items.map(({ cell }) => cell)), ...points!.cell];
    expect(Math.max(...cells)).toBe(9);
    expect(mistakes.every(({ items }) => items.every(({ cell }) => cell >= 0))).toBe(true);
  });

  test('scores alone are enough', async () => {
    const { known, out, ...rest } = makeReport({ history: false });
    const bare = ({ name, scores }: { name: string; scores: ArrayLike<number> }) => ({ name, scores });
    const data = await buildPageData({ ...rest, known: bare(known), out: out.map(bare) });
    expect(data.points).toBeUndefined();
    expect(data.confusion).toBeUndefined();
    expect(data.atlas).toBeUndefined();
    expect(data.mistakes.length).toBeGreaterThan(0);
  });
});

test('the worst mistakes', () => {
  const scores = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 30 });
  fc.assert(
    fc.property(scores, fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 5 }), (values, threshold, count) => {
      const alarms = worstRows(values, threshold, 'alarm', count);
      const wrong = values.filter((score) => score > threshold).sort((a, b) => b - a);
      expect(alarms.map((row) => values[row])).toEqual(wrong.slice(0, count));
      const misses = worstRows(values, threshold, 'miss', count);
      const missed = values.filter((score) => score <= threshold).sort((a, b) => a - b);
      expect(misses.map((row) => values[row])).toEqual(missed.slice(0, count));
    }),
  );
});

test('confusion counts every image once', () => {
  const { classes, counts } = confusionOf([0, 0, 1, 2], [0, 2, 1, 1]);
  expect(classes).toBe(3);
  expect(Array.from(counts)).toEqual([1, 0, 1, 0, 1, 0, 0, 1, 0]);
});

test('counts above a threshold', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5, max: 5 })), fc.integer({ min: -6, max: 6 }), (values, threshold) => {
      const above = values.filter((score) => score > threshold).length;
      expect(countAbove(Float32Array.from(values).sort(), threshold)).toBe(above);
    }),
  );
});

test('histograms hold every score; a long tail is cut', () => {
  const known = { name: 'known', scores: Float32Array.from({ length: 200 }, (_, i) => i / 100) };
  const far = { name: 'far', scores: Float32Array.of(1, 2, 3, 900) };
  const { low, high, isCut } = scoreRange([known, far]);
  expect(low).toBe(0);
  expect(high).toBeLessThan(10);
  expect(isCut).toBe(true);
  const { shares } = histogramOf(far.scores, low, high);
  expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  expect(shares.at(-1)).toBeGreaterThanOrEqual(0.25);
  expect(scoreRange([{ name: 'equal', scores: Float32Array.of(3, 3) }])).toEqual({ low: 3, high: 4, isCut: false });
});

describe('places of points', () => {
  const frame = (values: number[]) => Float32Array.from(values);
  test('two and three dimensions are shown as they are, in one scale for all epochs', () => {
    const first = frame([0, 0, 1, 0, 0, 1]);
    const last = frame([0, 0, 20, 0, 0, 10]);
    const { name, dimensions, coordinates } = linearView({ size: 2, epochs: [1, 2], data: [first, last] });
    expect([name, dimensions]).toEqual(['Embedding', 2]);
    const [x0, y0, x1, y1] = coordinates.subarray(6, 10);
    expect((y0! - y1!) / (x1! - x0!)).toBeCloseTo(0, 3);
    expect(coordinates[2]! - coordinates[0]!).toBeCloseTo((x1! - x0!) / 20, -1); // a twentieth, in the first epoch
  });

  test('most points of the last frame lie within one unit; the farthest within the numbers', () => {
    const random = makeSet('x', 400, 0, 3).embeddings.data;
    random[0] = 1e9;
    const { coordinates } = linearView({ size: 3, epochs: [0], data: [random] });
    const inside = Array.from({ length: 400 }, (_, p) => Math.hypot(...coordinates.subarray(3 * p, 3 * p + 3)));
    expect(coordinates[0]).toBe(32_767);
    expect(inside.filter((radius) => radius <= 1.8 * UNIT).length).toBeGreaterThan(380);
  });

  test('one dimension becomes a line', () => {
    const { dimensions, coordinates } = linearView({ size: 1, epochs: [0], data: [frame([1, 2, 4])] });
    expect(dimensions).toBe(2);
    expect([coordinates[1], coordinates[3], coordinates[5]]).toEqual([0, 0, 0]);
    expect((coordinates[4]! - coordinates[0]!) / (coordinates[2]! - coordinates[0]!)).toBeCloseTo(3, 2);
  });

  test('UMAP keeps groups together and follows the seed', async () => {
    const data = frame(
      [...makeSet('a', 40, 0).embeddings.data, ...makeSet('b', 40, 30).embeddings.data].map((value) => value),
    );
    const view = await umapView({ size: 5, epochs: [3], data: [data] }, 1);
    expect(view.coordinates).toEqual((await umapView({ size: 5, epochs: [3], data: [data] }, 1)).coordinates);
    const middle = (from: number, k: number) =>
      Array.from({ length: 40 }, (_, p) => view.coordinates[2 * (from + p) + k]!).reduce((a, b) => a + b, 0) / 40;
    const apart = Math.hypot(middle(0, 0) - middle(40, 0), middle(0, 1) - middle(40, 1));
    const spread = Math.hypot(view.coordinates[0]! - middle(0, 0), view.coordinates[1]! - middle(0, 1));
    expect(apart).toBeGreaterThan(2 * spread);
  });
});

test('names are moved apart, in their order and no farther than needed', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.double({ min: -3, max: 3, noNaN: true }).map((v) => v + 0),
        { maxLength: 12 },
      ),
      (heights) => {
        const moved = spread(heights, 0.5);
        const order = heights.map((_, i) => i).sort((a, b) => heights[a]! - heights[b]!);
        for (let k = 1; k < order.length; k++) {
          expect(moved[order[k]!]! - moved[order[k - 1]!]!).toBeGreaterThan(0.5 - 1e-9);
        }
        const isApart = order.every((i, k) => k === 0 || heights[i]! - heights[order[k - 1]!]! >= 0.5);
        if (isApart) expect(moved).toEqual(heights);
      },
    ),
  );
  expect(spread([0, 0], 1)).toEqual([-0.5, 0.5]);
});
