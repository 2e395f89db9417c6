import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { auroc, ArgumentError, seededRandom, ShapeError } from 'tfjs-ood';
import { compareScorers, featuresOf, scorerMethods, type FunctionModel } from 'tfjs-ood/detector';
import { energy, mahalanobis, nearestNeighbors } from 'tfjs-ood/scorers';
import { onEachBackend } from '../../on-each-backend';
import { graphModel } from '../graph-model';

const [COUNT, SIDE, CLASSES] = [180, 6, 3];

/** Stripes of three kinds with noise, and strangers: checks. */
function pictures(count: number, seed: number, isStrange = false) {
  const random = seededRandom(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  const data = new Float32Array(count * SIDE * SIDE);
  for (let at = 0; at < data.length; at++) {
    const [row, y, x] = [Math.floor(at / SIDE ** 2), Math.floor(at / SIDE) % SIDE, at % SIDE];
    const lit = isStrange ? (x + y) % 2 === 0 : [x % 3 === 0, y % 3 === 0, x < 3][labels[row]!]!;
    data[at] = Math.min(1, Math.max(0, (lit ? 0.8 : 0.2) + 0.1 * random.normal()));
  }
  return { images: { data, shape: [count, SIDE, SIDE, 1] as const }, labels };
}

const known = pictures(COUNT, 1);
const strange = pictures(40, 2, true).images;

/** Features are sums over rows and columns, and logits a product of them. */
function summing(calls: { images: number } = { images: 0 }): FunctionModel {
  const random = seededRandom(5);
  // Columns 3, rows 3 and columns 1 are lit in one kind alone, and column 4 and row 4 in none.
  const [lit, dark] = [
    [3, SIDE + 3, 1],
    [4, SIDE + 4, 4],
  ] as const;
  const weights = Float32Array.from({ length: 2 * SIDE * CLASSES }, (_, at) => {
    const [feature, label] = [Math.floor(at / CLASSES), at % CLASSES];
    return Number(feature === lit[label]) - Number(feature === dark[label]) + 0.05 * random.normal();
  });
  return {
    run(images) {
      calls.images += images.shape[0];
      return tf.tidy(() => {
        const grey = tf.squeeze(images, [3]);
        const features = tf.concat([tf.sum(grey, 1), tf.sum(grey, 2)], 1) as tf.Tensor2D;
        return { features, logits: tf.matMul(features, tf.tensor2d(weights, [2 * SIDE, CLASSES])) };
      });
    },
    head: () => ({ weights, bias: new Float32Array(CLASSES), shape: [2 * SIDE, CLASSES] }),
  };
}

const classifier = () =>
  tfl.sequential({
    layers: [
      tfl.layers.flatten({ inputShape: [SIDE, SIDE, 1] }),
      tfl.layers.dense({
        units: 8,
        activation: 'relu',
        kernelInitializer: tfl.initializers.glorotUniform({ seed: 2 }),
      }),
      tfl.layers.dense({
        units: 3,
        activation: 'softmax',
        kernelInitializer: tfl.initializers.glorotUniform({ seed: 3 }),
      }),
    ],
  });

onEachBackend('compareScorers', () => {
  test('every scorer in one pass, each left out with its reason, as plain values', async () => {
    const calls = { images: 0 };
    const seen: number[][] = [];
    const result = await compareScorers(summing(calls), known, {
      strange: { checks: strange },
      scorers: { 'kNN, k = 5': nearestNeighbors({ k: 5 }) },
      onProgress: (done, total) => seen.push([done, total]),
    });
    expect(calls.images).toBe(COUNT + 40); // each once
    expect(seen.at(-1)).toEqual([COUNT + 40, COUNT + 40]);
    const names = [...result.scorers, ...result.leftOut].map(({ name }) => name);
    expect(names.sort()).toEqual([...Object.keys(scorerMethods), 'kNN, k = 5'].sort());
    const reasons = Object.fromEntries(result.leftOut.map(({ name, reason }) => [name, reason]));
    expect(reasons.odin).toMatch('goes through the model again');
    expect(reasons['joint-energy']).toMatch('tags');
    expect(result.scorers.length).toBeGreaterThan(15);
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    expect(result).toMatchObject({ fitCount: 126, heldOutCount: 54, confidence: 0.95, seed: 1, warnings: [] });
    expect(result.sets).toEqual([
      { name: 'checks', isProxy: false, about: 'strange images as given', count: 40, best: result.best.name },
    ]);
    for (const one of result.scorers) {
      expect(one.fitMs).toBeGreaterThanOrEqual(0);
      expect(one.stateBytes).toBeGreaterThan(0);
      expect(one.aurocLower).toBeLessThanOrEqual(one.auroc);
      expect(one.aurocUpper).toBeGreaterThanOrEqual(one.auroc);
      expect(result.text).toMatch(one.name);
    }
    const order = result.scorers.map((one) => one.auroc);
    expect(order).toEqual([...order].sort((a, b) => b - a));
    expect(result.best.name).toBe(result.scorers[0]!.name);
    expect(result.best.against).toHaveLength(result.scorers.length - 1);
  });

  test('an AUROC is that of a scorer fitted and scored by hand on the rows of that split', async () => {
    const model = classifier();
    const scorers = { mine: mahalanobis(), energy: energy() };
    const options = { scorers, only: ['mine', 'energy'], seed: 4, heldOutShare: 0.25 };
    const result = await compareScorers(model, known, { ...options, strange: { checks: strange } });
    const outputs = async ({ data, shape }: typeof strange) => {
      const images = tf.tensor4d(data, [...shape]);
      const { features, logits } = featuresOf(model).run(images);
      const rows = {
        features: { data: (await features.data()) as Float32Array, shape: features.shape },
        logits: { data: (await logits.data()) as Float32Array, shape: logits.shape },
      };
      tf.dispose([images, features, logits]);
      return rows;
    };
    const { features, logits } = await outputs(known.images);
    // The draw of fitDetector: Fisher and Yates from the end, the first ones calibrate.
    const random = seededRandom(4);
    const order = Array.from({ length: COUNT }, (_, i) => i);
    for (let i = COUNT - 1; i > 0; i--) {
      const j = random.integer(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    const pick = ({ data, shape }: typeof features, rows: number[]) => ({
      data: Float32Array.from(rows.flatMap((row) => [...data.subarray(row * shape[1], (row + 1) * shape[1])])),
      shape: [rows.length, shape[1]] as const,
    });
    const [held, fit] = [order.slice(0, 45), order.slice(45)];
    const scorer = await mahalanobis().fit(
      [{ features: pick(features, fit), labels: fit.map((row) => known.labels[row]!) }],
      {},
    );
    const other = await outputs(strange);
    const expected = {
      mine: auroc(
        await scorer.score({ features: pick(features, held) }),
        await scorer.score({ features: other.features }),
      ),
      energy: auroc(
        await energy().score({ logits: pick(logits, held) }),
        await energy().score({ logits: other.logits }),
      ),
    };
    scorer.dispose();
    for (const one of result.scorers) expect(one.auroc).toBeCloseTo(expected[one.name as 'mine' | 'energy'], 10);
    model.dispose();
  });

  test('without strange images: classes left out and images made, named for what they are', async () => {
    const calls = { images: 0 };
    const { sets, warnings, scorers, text } = await compareScorers(summing(calls), known, {
      only: ['mahalanobis', 'energy', 'nearest-class-mean'],
    });
    expect(calls.images).toBe(COUNT + 4 * 54);
    expect(sets.map(({ name, isProxy, count }) => [name, isProxy, count])).toEqual([
      ['leave-one-class-out', true, COUNT],
      ['made: uniform noise', true, 54],
      ['made: shuffled patches', true, 54],
      ['made: low contrast', true, 54],
      ['made: other brightness', true, 54],
    ]);
    expect(sets[0]!.about).toBe(
      'each class in turn: the scorer never saw the class, its logit is taken out, but the model was trained on it',
    );
    expect(warnings).toEqual([expect.stringMatching(/^Stand-ins, and no images of what is unknown: leave-one-class/)]);
    expect(text).toMatch('Stand-ins');
    for (const one of scorers) {
      const each = Object.values(one.sets).map((set) => set.auroc);
      expect(one.auroc).toBeCloseTo(each.reduce((sum, value) => sum + value, 0) / 5, 10);
    }
  });

  test('a GraphModel; a LayersModel without labels; proxies beside strange images', async () => {
    const graph = await graphModel('softmax');
    const ofGraph = await compareScorers(graph, known, { only: ['energy', 'mahalanobis', 'vim'], maxClasses: 2 });
    expect(ofGraph.scorers.map(({ name }) => name)).toContain('mahalanobis');
    expect(ofGraph.sets[0]!.about).toMatch('2 of 3 classes, drawn by seed 1');
    graph.dispose();
    const model = classifier();
    const { images } = known;
    const unlabeled = await compareScorers(model, { images }, { only: ['energy', 'mahalanobis'] });
    expect(unlabeled.sets.map(({ name }) => name)).not.toContain('leave-one-class-out');
    expect(unlabeled.leftOut).toEqual([{ name: 'mahalanobis', reason: 'it needs labels, and none were given' }]);
    const both = await compareScorers(model, known, { only: ['energy'], strange: { checks: strange }, proxies: true });
    expect(both.sets.map(({ isProxy }) => isProxy)).toEqual([true, false, true, true, true, true]);
    expect(both.best.said).toBe('energy is the only scorer that was compared');
    model.dispose();
  });

  test('bytes are as the numbers that they become', async () => {
    const bytes = {
      data: Uint8Array.from(known.images.data, (value) => Math.round(255 * value)),
      shape: known.images.shape,
    };
    const floats = { data: Float32Array.from(bytes.data, (value) => value / 255), shape: bytes.shape };
    const only = { only: ['mahalanobis'] };
    const [a, b] = [
      await compareScorers(summing(), { images: bytes, labels: known.labels }, only),
      await compareScorers(summing(), { images: floats, labels: known.labels }, { ...only, input: '0..1' }),
    ];
    expect(a.scorers[0]!.auroc).toBeCloseTo(b.scorers[0]!.auroc, 3);
  });
});

describe('what cannot be compared', () => {
  const rows = { data: Float32Array.from({ length: 360 }, (_, i) => Math.sin(i)), shape: [60, 6] as const };
  const model: FunctionModel = { run: (x) => ({ features: tf.mul(x, 1) }) };
  const labels = Array.from({ length: 60 }, (_, i) => i % 2);

  test('rows that are no images: classes left out alone; of one class an error that says what to give', async () => {
    await tf.setBackend('cpu');
    const { sets, leftOut } = await compareScorers(
      model,
      { inputs: rows, labels },
      { only: ['mahalanobis', 'energy'] },
    );
    expect(sets.map(({ name }) => name)).toEqual(['leave-one-class-out']);
    expect(sets[0]!.about).toMatch('there are no logits');
    expect(leftOut.map(({ name }) => name)).toEqual(['energy']);
    await expect(compareScorers(model, { inputs: rows })).rejects.toThrow(
      'compareScorers: strange must be given, as nothing else stands for the unknown (inputs are no images, and there ' +
        'are no labels of two classes with 2 rows each to leave one out): { strange: { name: what your model does not ' +
        'know } }, got none',
    );
  });

  test('one class: images that are made alone', async () => {
    const labels = new Int32Array(COUNT);
    const { sets } = await compareScorers(summing(), { ...known, labels }, { only: ['mahalanobis'] });
    expect(sets.every(({ name }) => name.startsWith('made: '))).toBe(true);
  });

  test('strange rows of another size, one alone, streams, names that nobody has, methods that are none', async () => {
    const asked = (options: object, rows: object = known) => compareScorers(summing(), rows as never, options);
    const small = { data: new Float32Array(2 * 25), shape: [2, 5, 5, 1] };
    await expect(asked({ strange: { small } })).rejects.toThrow(ShapeError);
    const one = { data: new Float32Array(36), shape: [1, 6, 6, 1] };
    await expect(asked({ strange: { one } })).rejects.toThrow('strange.one must be at least 2 rows, got 1 rows');
    await expect(asked({ strange: { x: { inputs: rows } } })).rejects.toThrow(ShapeError);
    async function* stream() {
      await Promise.resolve();
      yield known;
    }
    await expect(asked({}, stream())).rejects.toThrow('known must be a whole');
    await expect(asked({ only: ['mahalanobi'] })).rejects.toThrow("only must be names of scorers ('mahalanobis'?)");
    await expect(asked({ scorers: { mine: 5 } })).rejects.toThrow(ArgumentError);
    await expect(asked({ scorers: { k: nearestNeighbors({ k: 500 }) }, only: ['k'] })).rejects.toThrow(
      'k: nearestNeighbors: blocks must be at least k = 500 rows',
    );
  });
});
