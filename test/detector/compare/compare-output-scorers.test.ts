import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { ArgumentError, auroc, seededRandom, ShapeError } from 'tfjs-ood';
import { compareOutputScorers } from 'tfjs-ood/detector';
import { energy, ensemble, mahalanobis, msp, nearestNeighbors, she } from 'tfjs-ood/scorers';
import { leftOutClasses } from '../../../src/detector/compare/left-out-classes';
import { meanAuroc, meanLimits } from '../../../src/detector/compare/mean-auroc';
import type { ScoredTrial } from '../../../src/detector/compare/trial';

beforeAll(async () => void (await tf.setBackend('cpu')));

const [SIZE, CLASSES] = [6, 4];
const random = seededRandom(3);
const weights = Float32Array.from({ length: SIZE * CLASSES }, (_, at) =>
  Math.floor(at / CLASSES) === at % CLASSES ? 2 : 0.1 * random.normal(),
);
const head = { weights, bias: Float32Array.of(0.1, 0, -0.1, 0.2), shape: [SIZE, CLASSES] as const };

const logitsOf = (data: Float32Array) =>
  Float32Array.from({ length: (data.length / SIZE) * CLASSES }, (_, at) => {
    const [row, column] = [Math.floor(at / CLASSES), at % CLASSES];
    let sum = head.bias[column]!;
    for (let i = 0; i < SIZE; i++) sum += data[row * SIZE + i]! * weights[i * CLASSES + column]!;
    return sum;
  });

/** Features about a corner for each class; strange ones about another. */
function outputs(count: number, seed: number, isStrange = false) {
  const draw = seededRandom(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  const data = Float32Array.from({ length: count * SIZE }, (_, at) => {
    const [row, i] = [Math.floor(at / SIZE), at % SIZE];
    return (i === (isStrange ? SIZE - 1 : labels[row]!) ? 2 : 0) + 0.5 * draw.normal();
  });
  const features = { data, shape: [count, SIZE] as const };
  return { features, logits: { data: logitsOf(data), shape: [count, CLASSES] as const }, labels };
}
const known = outputs(160, 1);
const corner = outputs(50, 2, true);
const strange = { features: corner.features, logits: corner.logits };

const pick = ({ data, shape }: { data: Float32Array; shape: readonly [number, number] }, rows: number[]) => ({
  data: Float32Array.from(rows.flatMap((row) => [...data.subarray(row * shape[1], (row + 1) * shape[1])])),
  shape: [rows.length, shape[1]] as const,
});
const without = ({ data, shape }: { data: Float32Array; shape: readonly [number, number] }, column: number) => ({
  data: data.filter((_, at) => at % shape[1] !== column),
  shape: [shape[0], shape[1] - 1] as const,
});

/** The draw of a detector's hold-out: Fisher and Yates from the end. */
function split(count: number, share: number, seed: number) {
  const draw = seededRandom(seed);
  const rows = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = draw.integer(i + 1);
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
  return { held: rows.slice(0, share * count), fit: rows.slice(share * count) };
}

describe('compareOutputScorers', () => {
  test('leaves each class out as one would by hand', async () => {
    const only = ['mahalanobis', 'energy', 'she'];
    const { sets, scorers, leftOut } = await compareOutputScorers(known, { head, only, seed: 2 });
    expect(leftOut).toEqual([]);
    expect(sets).toMatchObject([{ name: 'leave-one-class-out', isProxy: true, count: 160 }]);
    const { held, fit } = split(160, 0.3, 2);
    const trials: Record<string, ScoredTrial[]> = { mahalanobis: [], energy: [], she: [] };
    for (let label = 0; label < CLASSES; label++) {
      const isOwn = (row: number) => known.labels[row] === label;
      const rows = fit.filter((row) => !isOwn(row));
      const cut = {
        weights: without({ data: weights, shape: head.shape }, label).data,
        bias: head.bias.filter((_, i) => i !== label),
        shape: [SIZE, CLASSES - 1] as const,
      };
      const of = (own: number[]) => ({
        features: pick(known.features, own),
        logits: without(pick(known.logits, own), label),
        labels: own.map((row) => known.labels[row]! - Number(known.labels[row]! > label)),
      });
      const fitted = {
        mahalanobis: await mahalanobis().fit([of(rows)], {}),
        energy: energy(),
        she: await she().fit([of(rows)], { head: cut }),
      };
      const [inRows, outRows] = [held.filter((row) => !isOwn(row)), [...fit, ...held].filter(isOwn)];
      const [inside, outside] = [of(inRows), of(outRows)];
      for (const [name, scorer] of Object.entries(fitted)) {
        trials[name]!.push({
          inRows: Int32Array.from(inRows),
          outRows: Int32Array.from(outRows),
          inScores: await scorer.score(inside),
          outScores: await scorer.score(outside),
          weight: 1 / CLASSES,
        });
      }
    }
    for (const { name, auroc: value, aurocLower, aurocUpper } of scorers) {
      const own = trials[name]!;
      const areas = own.map(({ inScores, outScores }) => auroc(inScores, outScores));
      expect(value).toBeCloseTo(
        areas.reduce((sum, area) => sum + area / CLASSES, 0),
        10,
      );
      // A row is itself in each trial, and no other.
      const [lower, upper] = meanLimits(await meanAuroc('test', own, 160, () => Promise.resolve()), 0.95);
      expect(aurocLower).toBeCloseTo(lower, 10);
      expect(aurocUpper).toBeCloseTo(upper, 10);
    }
  });

  test('strange rows, an ensemble, a scorer in place of the default one; the same seed gives the same', async () => {
    const options = {
      strange: { corner: strange, noise: { features: outputs(30, 5).features, logits: outputs(30, 5).logits } },
      scorers: { both: ensemble([mahalanobis(), msp()]), 'nearest-neighbors': nearestNeighbors({ k: 3 }) },
      only: ['both', 'nearest-neighbors', 'energy', 'react'],
    };
    const [first, second] = [await compareOutputScorers(known, options), await compareOutputScorers(known, options)];
    const told = ({ scorers, best }: typeof first) =>
      [scorers.map((one) => ({ ...one, fitMs: 0, scoreMsPerRow: 0 })), best] as const;
    expect(told(first)).toEqual(told(second));
    expect(first.leftOut).toEqual([
      { name: 'react', reason: 'it needs the weights of a last dense layer, and there are none' },
    ]);
    expect(first.scorers.map(({ kind }) => kind).sort()).toEqual(['energy', 'ensemble', 'nearest-neighbors']);
    for (const one of first.scorers) {
      expect(one.auroc).toBeCloseTo((one.sets.corner!.auroc + one.sets.noise!.auroc) / 2, 12);
      expect(one.sets.corner!.auroc).toBeGreaterThan(0.9);
      expect(one.sets.noise!.auroc).toBeLessThan(0.7); // known rows by another name
    }
    const other = await compareOutputScorers(known, { ...options, seed: 9 });
    expect(told(other)).not.toEqual(told(first));
  });

  test('features alone, logits alone, tags', async () => {
    const { features, logits, labels } = known;
    const ofFeatures = await compareOutputScorers({ features, labels });
    expect(ofFeatures.leftOut.find(({ name }) => name === 'energy')?.reason).toMatch('it needs logits');
    const ofLogits = await compareOutputScorers({ logits, labels });
    expect(ofLogits.leftOut.find(({ name }) => name === 'mahalanobis')?.reason).toMatch('it needs features');
    const tags = await compareOutputScorers(known, { meaning: 'tags' });
    expect(tags.scorers.map(({ name }) => name)).toContain('joint-energy');
    expect(tags.leftOut.find(({ name }) => name === 'msp')?.reason).toMatch('it must be one for tags');
  });

  test('names as labels, in the order of the columns or of classNames', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const labels = Array.from(known.labels, (label) => names[label]!);
    const only = { only: ['mahalanobis', 'energy'] };
    const [byName, byIndex] = [
      await compareOutputScorers({ ...known, labels }, only),
      await compareOutputScorers(known, only),
    ];
    expect(byName.scorers.map((one) => one.auroc)).toEqual(byIndex.scorers.map((one) => one.auroc));
    const turned = Array.from(known.labels, (label) => ['d', 'c', 'b', 'a'][label]!);
    await expect(compareOutputScorers({ ...known, labels: turned }, only)).rejects.toThrow('classNames must be given');
    const classNames = ['d', 'c', 'b', 'a'];
    const given = await compareOutputScorers({ ...known, labels: turned }, { ...only, classNames });
    expect(given.scorers.map((one) => one.auroc)).toEqual(byIndex.scorers.map((one) => one.auroc));
  });

  test('a scorer that cannot be fitted without a class is left out, and says which', async () => {
    const few = { features: pick(known.features, [0, 1, 2, 3, 4, 5, 6, 7]), labels: known.labels.subarray(0, 8) };
    const scorers = { kNN: nearestNeighbors({ k: 5 }) };
    const { leftOut } = await compareOutputScorers(few, {
      scorers,
      only: ['kNN', 'nearest-class-mean'],
      heldOutShare: 0.4,
    });
    expect(leftOut).toEqual([
      {
        name: 'kNN',
        reason: expect.stringMatching(/^without class \d: nearestNeighbors: blocks must be at least k = 5/),
      },
    ]);
  });

  test('an error of a scorer says its name once in the table', async () => {
    const strange = { far: { features: pick(known.features, [0, 1, 2]) } };
    const few = { features: pick(known.features, [0, 1, 2, 3, 4, 5, 6, 7]) };
    const scorers = { nearestNeighbors: nearestNeighbors({ k: 50 }), near: nearestNeighbors({ k: 1 }) };
    const only = ['nearestNeighbors', 'near'];
    const { text } = await compareOutputScorers(few, { scorers, only, strange });
    expect(text).toContain('left out: nearestNeighbors: blocks must be at least k = 50');
  });

  test('what is refused', async () => {
    const asked = (options: object, rows: object = known) => compareOutputScorers(rows, options);
    await expect(asked({}, { logits: known.logits })).rejects.toThrow('strange must be given');
    await expect(asked({ strange: { 'leave-one-class-out': strange }, proxies: true })).rejects.toThrow(
      'strange must be sets of other names than those of stand-ins, got leave-one-class-out',
    );
    await expect(asked({ proxies: false })).rejects.toThrow('strange must be given');
    await expect(asked({ strange: { x: { features: known.features } } })).rejects.toThrow(
      'compareOutputScorers: logits of strange.x must be [N, 4], as of the known rows, got none',
    );
    await expect(asked({ strange: { x: { ...strange, features: known.logits } } })).rejects.toThrow(ShapeError);
    const wrong = { data: strange.features.data.slice().fill(NaN, 7, 8), shape: strange.features.shape };
    await expect(asked({ strange: { x: { ...strange, features: wrong } } })).rejects.toThrow(/strange\.x|at row 1/);
    const shares = { data: new Float32Array(640).fill(0.25), shape: [160, 4] as const };
    await expect(asked({}, { logits: shares, labels: known.labels })).rejects.toThrow('logits must be what goes into');
    const turned = { ...head, weights: weights.slice().reverse() };
    await expect(asked({ head: turned })).rejects.toThrow(ArgumentError);
    await expect(asked({}, { features: pick(known.features, [0, 1, 2]), labels: [0, 1, 2] })).rejects.toThrow(
      'rows must be enough that 2 can be held out',
    );
  });
});

describe('leaving classes out', () => {
  const parts = (labels: number[], logits = known.logits) => {
    const rows = Array.from(labels.keys());
    const block = { features: pick(known.features, rows), logits: pick(logits, rows), labels: Int32Array.from(labels) };
    const half = Math.floor(rows.length / 2);
    const part = (own: number[]) => ({
      rows: {
        features: pick(block.features, own),
        logits: pick(block.logits, own),
        labels: Int32Array.from(own, (at) => labels[at]!),
      },
      ids: Int32Array.from(own),
    });
    return { fit: part(rows.slice(half)), held: part(rows.slice(0, half)), head: undefined };
  };

  test('not a class of one row, nor the only one; at most so many, drawn by the seed', () => {
    const labels = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3];
    const missing = (unknown: ReturnType<typeof leftOutClasses>) => unknown?.trials.map((trial) => trial.missing);
    expect(missing(leftOutClasses(parts(labels), 10, 1))).toHaveLength(4);
    const drawn = new Set([1, 2, 3, 4, 5, 6].map((seed) => String(missing(leftOutClasses(parts(labels), 2, seed)))));
    expect(drawn.size).toBeGreaterThan(1);
    expect(missing(leftOutClasses(parts([0, 0, 0, 0, 0, 0, 0, 0, 3]), 10, 1))).toBeUndefined();
    expect(missing(leftOutClasses(parts(new Array<number>(8).fill(0)), 10, 1))).toBeUndefined();
  });

  test('a class of more rows than a call takes arguments', () => {
    const part = (from: number) => {
      const features = { data: new Float32Array(200_000), shape: [200_000, 1] as const };
      const ids = Int32Array.from({ length: 200_000 }, (_, i) => from + i);
      return { rows: { features, labels: ids.map((row) => row % 2) }, ids };
    };
    const { trials } = leftOutClasses({ fit: part(0), held: part(200_000), head: undefined }, 10, 1)!;
    expect(trials.map(({ outside }) => [outside.ids.length, outside.ids[0], outside.ids.at(-1)])).toEqual([
      [200_000, 0, 399_998],
      [200_000, 1, 399_999],
    ]);
  });

  test('labels of other classes than the columns leave the logits as they are', () => {
    const own = Array.from({ length: 40 }, (_, i) => (i + 1) % CLASSES); // never the largest logit
    const others = leftOutClasses(parts(own), 10, 1)!;
    expect(others.about).toMatch('its logit stays (labels are no columns of the logits)');
    expect(others.trials[0]!.fit.logits!.shape[1]).toBe(CLASSES);
    const right = Array.from({ length: 40 }, (_, i) => i % CLASSES);
    const cut = leftOutClasses(parts(right), 10, 1)!;
    expect(cut.about).toMatch('its logit is taken out');
    expect(cut.trials[0]!.fit.logits!.shape[1]).toBe(CLASSES - 1);
    expect(Math.max(...cut.trials[0]!.fit.labels!)).toBe(CLASSES - 2);
    // No row is lost, and none is on both sides.
    for (const { inside, outside } of cut.trials) {
      expect(new Set([...inside.ids, ...outside.ids]).size).toBe(inside.ids.length + outside.ids.length);
      expect(outside.ids).toHaveLength(10);
    }
  });
});
