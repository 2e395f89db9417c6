import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import {
  ash,
  decodeScorer,
  encodeScorer,
  energy,
  fdbd,
  react,
  residual,
  scale,
  she,
  vim,
  type FitBlock,
  type Head,
  type ScorerMethod,
} from 'tfjs-ood/scorers';
import fixture from '../fixtures/head-scorers.json';
import { secondMoments } from '../../src/linalg/second-moments';
import { ValueQuantiles } from '../../src/scorers/head/value-quantiles';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { testScorer } from './test-scorer';

testScorer('react', () => react());
// The strange rows of the suite hold one strong unit of one class: to the head they are nearly as good as known ones.
testScorer('react, msp', () => react({ percentile: 0.7, then: 'msp' }), { leastAuroc: 0.68 });
testScorer('ash s', () => ash());
testScorer('ash b', () => ash({ variant: 'b' }));
testScorer('ash p', () => ash({ variant: 'p' }));
testScorer('scale', () => scale());
testScorer('vim', () => vim());
testScorer('residual', () => residual());
testScorer('fdbd', () => fdbd());
testScorer('she', () => she());

interface Case {
  classes: number;
  size: number;
  dimension: number;
  weights: number[];
  bias: number[];
  train: number[];
  labels: number[];
  test: number[];
  scores: Record<string, unknown>;
}
const cases = fixture as Record<string, Case>;

type Known = 'features' | 'labels' | 'head';
type Method = ScorerMethod<'features', Known>;

const rows = (...all: number[][]) => ({
  data: Float32Array.from(all.flat()),
  shape: [all.length, all[0]!.length] as const,
});
const headOf = (weights: number[][], bias: number[]): Head => ({
  weights: Float32Array.from(weights.flat()),
  bias: Float32Array.from(bias),
  shape: [weights.length, bias.length],
});
const square = headOf([[1, 0], [0, 1]], [0, 0]); // prettier-ignore

async function scoresOf(
  method: ScorerMethod<'features', never> | Method,
  head: Head,
  blocks: FitBlock<'features' | 'labels'>[],
  x: FitBlock<'features'>['features'],
): Promise<Float32Array> {
  const scorer = await (method as Method).fit(blocks, { head });
  try {
    return await scorer.score({ features: x });
  } finally {
    scorer.dispose();
  }
}

describe.each(Object.entries(cases))('head scorers, %s features: as PyTorch in float64', (_, one) => {
  const { classes, size, dimension } = one;
  const head: Head = {
    weights: Float32Array.from(one.weights),
    bias: Float32Array.from(one.bias),
    shape: [size, classes],
  };
  const blocks = [
    { features: { data: Float32Array.from(one.train), shape: [one.labels.length, size] as const }, labels: one.labels },
  ];
  const x = { data: Float32Array.from(one.test), shape: [one.test.length / size, size] as const };
  const close = { relative: 1e-5, absolute: 1e-5 };
  const expectScores = async (method: Method, expected: unknown) =>
    expectClose(await scoresOf(method, head, blocks, x), expected as number[], close);

  test('react', async () => {
    for (const percentile of [0.9, 0.5]) {
      const expected = one.scores[`react${percentile}`] as Record<'energy' | 'maxLogit' | 'msp', number[]> & {
        threshold: number;
      };
      const scorer = await react({ percentile }).fit(blocks, { head });
      const { threshold } = scorer.state().options;
      expectClose(threshold as number, expected.threshold, { relative: 1e-15, absolute: 0 });
      scorer.dispose();
      await expectScores(react({ percentile }), expected.energy);
      await expectScores(react({ percentile, then: 'max-logit' }), expected.maxLogit);
      const scores = await scoresOf(react({ percentile, then: 'msp' }), head, blocks, x);
      expectClose(scores, expected.msp, { relative: 1e-5, absolute: 1e-9 });
    }
  });

  test('ash and scale', async () => {
    for (const percentile of [0.65, 0.9]) {
      for (const variant of ['p', 'b', 's'] as const) {
        const expected = one.scores[`ash${variant.toUpperCase()}${percentile}`];
        if (expected) await expectScores(ash({ variant, percentile }), expected);
      }
      const expected = one.scores[`scale${percentile}`];
      if (expected) await expectScores(scale({ percentile }), expected);
    }
  });

  test('vim and residual', async () => {
    await expectScores(residual({ dimension }), one.scores['residual']);
    const expected = one.scores['vim'] as { alpha: number; scores: number[] };
    await expectScores(vim({ dimension }), expected.scores);
    const scorer = await vim({ dimension }).fit(blocks, { head });
    expectClose(scorer.state().options['alpha'] as number, expected.alpha, { relative: 1e-6, absolute: 0 });
    scorer.dispose();
  });

  test('fdbd', () => expectScores(fdbd(), one.scores['fdbd']));

  test('she', async () => {
    if (one.scores['she']) await expectScores(she(), one.scores['she']);
    else await expect(she().fit(blocks, { head })).rejects.toThrow('rightly classified row of each class, got none of');
  });
});

/** A case large enough for the backend's products, and its plain float64 results. */
function largeCase(offset: number) {
  const [size, classes, count] = [300, 240, 500];
  const random = seededRandom(3);
  const weights = Float32Array.from({ length: size * classes }, () => random.normal() / 8);
  const bias = Float32Array.from({ length: classes }, () => random.normal());
  const data = Float32Array.from(
    { length: count * size },
    (_, i) => offset + (3 - 2.5 * Math.min(1, (i % size) / 150)) * random.normal(),
  );
  const logits = new Float64Array(count * classes);
  for (let at = 0; at < logits.length; at++) {
    const [row, c] = [Math.floor(at / classes), at % classes];
    logits[at] = bias[c]!;
    for (let i = 0; i < size; i++) logits[at]! += data[row * size + i]! * weights[i * classes + c]!;
  }
  const labels = Int32Array.from({ length: count }, (_, row) => {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    return own.indexOf(Math.max(...own));
  });
  const head: Head = { weights, bias, shape: [size, classes] };
  return { head, labels, logits, features: { data, shape: [count, size] as const } };
}

onEachBackend('head scorers', () => {
  test.each([0, 1000])('large heads go through the backend and stay right, at an offset of %d', async (offset) => {
    const { head, features, labels, logits } = largeCase(offset);
    const [size, classes] = head.shape;
    const [count] = features.shape;
    // Never clipped: the energy of the plain logits.
    const blocks = [{ features }];
    const scorer = await react({ percentile: 1 - 1e-12, blockSize: 64 }).fit(blocks, { head });
    const plain = await energy().score({ logits: { data: Float32Array.from(logits), shape: [count, classes] } });
    expectClose(await scorer.score({ features }), plain, { relative: 1e-5, absolute: 1e-3 });
    const bound = await scorer.score({ features });
    scorer.dispose();
    const other = await react({ percentile: 1 - 1e-12, blockSize: 4096 }).fit(blocks, { head });
    expectClose(await other.score({ features }), bound, { relative: 1e-5, absolute: 1e-4 });
    other.dispose();

    const near = await fdbd({ blockSize: 100 }).fit(blocks, { head });
    const scores = await near.score({ features });
    near.dispose();
    const mean = new Float64Array(size);
    features.data.forEach((value, i) => (mean[i % size]! += value / count));
    for (const row of [0, 99, 100, 499]) {
      const own = logits.subarray(row * classes, (row + 1) * classes);
      const top = labels[row]!;
      let sum = 0;
      own.forEach((logit, c) => {
        if (c === top) return;
        let between = 0;
        for (let i = 0; i < size; i++)
          between += (head.weights[i * classes + c]! - head.weights[i * classes + top]!) ** 2;
        sum += (own[top]! - logit) / Math.sqrt(between);
      });
      const away = Math.sqrt(mean.reduce((s, m, i) => s + (features.data[row * size + i]! - m) ** 2, 0));
      expectClose(scores[row]!, -sum / (classes - 1) / away, { relative: 1e-4, absolute: 0 });
    }
  });

  test.each([0, 1000])('large residuals: the basis is orthogonal and leaves the least, at %d', async (offset) => {
    const { head, features } = largeCase(offset);
    const [count, size] = features.shape;
    const scorer = await residual({ blockSize: 128 }).fit([{ features }], { head });
    const { basis, origin } = scorer.state().tensors;
    const left = basis!.shape[1]!;
    expect(left).toBe(150);
    for (const [a, b] of [
      [0, 0],
      [0, 1],
      [149, 149],
      [3, 149],
    ] as const) {
      let product = 0;
      for (let i = 0; i < size; i++) product += basis!.data[i * left + a]! * basis!.data[i * left + b]!;
      expectClose(product, a === b ? 1 : 0, { absolute: 1e-10 });
    }
    const expected = Float64Array.from({ length: count }, (_, row) => {
      let sum = 0;
      for (let c = 0; c < left; c++) {
        let product = 0;
        for (let i = 0; i < size; i++)
          product += (features.data[row * size + i]! - origin!.data[i]!) * basis!.data[i * left + c]!;
        sum += product ** 2;
      }
      return Math.sqrt(sum);
    });
    expectClose(await scorer.score({ features }), expected, { relative: 1e-5, absolute: 1e-5 });
    // The half of the units that scatter little.
    const meanSquare = expected.reduce((sum, value) => sum + value ** 2, 0) / count;
    expect(meanSquare).toBeLessThan(150 * 0.5 ** 2);
    scorer.dispose();
  });
});

describe('fewer rows than features, by their small Gram matrix', () => {
  beforeAll(() => tf.setBackend('cpu'));
  const [size, classes, count] = [48, 6, 20];
  const random = seededRandom(8);
  const draw = (length: number, from = 0) => Float32Array.from({ length }, () => from + random.normal());
  const head: Head = { weights: draw(size * classes), bias: draw(classes), shape: [size, classes] };
  const data = draw(count * size, 2);
  const block = (own: Float32Array) => ({
    features: { data: own, shape: [own.length / size, size] as const },
    labels: new Int32Array(own.length / size),
  });
  const x = block(draw(9 * size));
  const many = Array.from({ length: 5 }, () => block(data));

  test.each([
    ['residual', residual({ dimension: 7 })],
    ['residual', residual({ dimension: 20 })],
    ['residual', residual({ dimension: 0 })],
    ['vim', vim({ dimension: 11 })],
  ])('%s: rows that come five times have the same second moments', async (_, method) => {
    const own = await scoresOf(method, head, [block(data)], x.features);
    expectClose(own, await scoresOf(method, head, many, x.features), { relative: 1e-6 });
  });

  test('rows in any blocks, of which each is filled anew, up to and past half the features', async () => {
    const longer = draw(30 * size);
    for (const rows of [20, 24, 25, 30]) {
      const own = longer.subarray(0, rows * size);
      const blocks = function* () {
        const filled = new Float32Array(5 * size);
        for (let from = 0; from < own.length; from += filled.length) {
          const part = own.subarray(from, from + filled.length);
          filled.set(part);
          yield block(filled.subarray(0, part.length));
          filled.fill(7);
        }
      };
      const method = residual({ dimension: 5 });
      const fitted = await method.fit(blocks(), { head });
      const expected = await scoresOf(method, head, [own, own, own].map(block), x.features);
      expectClose(await fitted.score(x), expected, { relative: 1e-6 });
      fitted.dispose();
    }
  });

  test('more directions than rows are refused', async () => {
    await expect(residual({ dimension: 21 }).fit([block(data)], { head })).rejects.toThrow(
      'dimension must be at most the rank of the training features, got 21, where the rank is 20',
    );
  });
});

describe('quantiles of a stream', () => {
  const quantile = (values: readonly number[], share: number, exactUpTo?: number) => {
    const quantiles = new ValueQuantiles(exactUpTo);
    for (let i = 0; i < values.length; i += 3) quantiles.add(Float32Array.from(values.slice(i, i + 3)));
    return quantiles.quantile(share);
  };
  test('zeros, negative, huge and tiny numbers', () => {
    for (const exactUpTo of [undefined, 2]) {
      expect(quantile([0, 0, 0, 0, 0, 7], 0.5, exactUpTo)).toBe(0);
      expect(quantile([0, -0, -1, -2], 0.9, exactUpTo)).toBe(0);
      expectClose(quantile([-4, -2, 1, 3], 0.5, exactUpTo), -0.5, { absolute: 3e-5 });
      expectClose(quantile([-4, -2, -1, 3], 0.1, exactUpTo), -3.4, { relative: 2 ** -17 });
      expectClose(quantile([1e-30, 3e38, 2e38, 5], 0.9, exactUpTo), 2e38 + 0.7e38, { relative: 2 ** -17 });
      expectClose(quantile([1e-40, 1e-40, 1e-40], 0.5, exactUpTo), 1e-40, { absolute: 1e-43 });
    }
  });
  test('any values, any share: exact at first, then within 2^-18 of the neighbors', () => {
    const random = seededRandom(11);
    const values = Array.from({ length: 400 }, () => Math.fround(random.normal() * 10 ** (3 * random.normal())));
    const sorted = values.slice().sort((a, b) => a - b);
    for (const share of [0.01, 0.25, 0.5, 0.65, 0.9, 0.999]) {
      const rank = share * 399;
      const [a, b] = [sorted[Math.floor(rank)]!, sorted[Math.ceil(rank)]!];
      const expected = a + (rank % 1) * (b - a);
      expectClose(quantile(values, share, 400), expected, { relative: 1e-13, absolute: 0 });
      const error = 2 ** -18 * Math.max(Math.abs(a), Math.abs(b));
      expectClose(quantile(values, share, 200), expected, { absolute: error });
    }
  });
});

describe('statistics of a stream', () => {
  test('second moments about any origin, and the variance, far away and in any blocks', async () => {
    const random = seededRandom(5);
    const x = Float32Array.from({ length: 60 }, (_, i) => 1000 * (i % 3) + random.normal());
    const origin = Float64Array.of(1, -2, 1990);
    const mean = [0, 1, 2].map((i) => x.reduce((sum, value, at) => sum + (at % 3 === i ? value / 20 : 0), 0));
    for (const size of [3, 21, 60]) {
      const moments = secondMoments(3, 2);
      for (let from = 0; from < 60; from += size)
        await moments.add(x.subarray(from, from + size), () => Promise.resolve());
      expect(moments.count).toBe(20);
      expectClose(moments.variance(), x.reduce((sum, value, at) => sum + (value - mean[at % 3]!) ** 2 / 20, 0)); // prettier-ignore
      const expected = new Float64Array(9);
      for (let row = 0; row < 60; row += 3) {
        expected.forEach((_, at) => {
          const [i, j] = [Math.floor(at / 3), at % 3];
          expected[at]! += ((x[row + i]! - origin[i]!) * (x[row + j]! - origin[j]!)) / 20;
        });
      }
      expectClose(moments.about(origin), expected, { relative: 1e-12 });
    }
  });
});

describe('by hand', () => {
  const log = Math.log;
  test('ash: what is kept, zeros and ties', async () => {
    const x = rows([3, 1, 2, 0], [0, 0, 0, 0], [5, 5, 5, 0], [5, 0, 0, 0]);
    const identity = headOf([[1, 0], [0, 1], [0, 0], [0, 0]], [0, 0]); // prettier-ignore
    // One of four is kept: the first of equal ones. Logits [3, 0], [0, 0], [5, 0], [5, 0].
    const p = await scoresOf(ash({ variant: 'p', percentile: 0.75 }), identity, [], x);
    expectClose(p, [3, 0, 5, 5].map((v) => -log(Math.exp(v) + 1)), { absolute: 1e-6 }); // prettier-ignore
    const b = await scoresOf(ash({ variant: 'b', percentile: 0.75 }), identity, [], x);
    expectClose(b, [6, 0, 15, 5].map((v) => -log(Math.exp(v) + 1)), { absolute: 2e-6 }); // prettier-ignore
    const s = await scoresOf(ash({ variant: 's', percentile: 0.75 }), identity, [], x);
    const sharp = [3 * Math.exp(2), 0, 5 * Math.exp(3), 5 * Math.exp(1)];
    expectClose(s, sharp.map((v) => -log(Math.exp(v) + 1)), { relative: 1e-6 }); // prettier-ignore
    // Of three kept by B only those that are not 0 share the sum: [5, 0, 0, 0] stays.
    const few = await scoresOf(ash({ variant: 'b', percentile: 0.25 }), identity, [], rows([5, 0, 0, 0]));
    expectClose(few, -log(Math.exp(5) + 1), { absolute: 1e-6 });
    // A half is rounded to the even number: 6 * 0.75 = 4.5 are pruned as 4, two kept.
    const six = headOf(Array.from({ length: 6 }, () => [1]), [0]); // prettier-ignore
    expectClose(await scoresOf(ash({ variant: 'p', percentile: 0.75 }), six, [], rows([1, 2, 3, 4, 5, 6])), [-11]);
  });
  test('scale: all features times exp(sum / sum of the largest)', async () => {
    const x = rows([3, 1], [0, 0]);
    const r = Math.exp(4 / 3);
    const expected = [-log(Math.exp(3 * r) + Math.exp(r)), -log(2)];
    expectClose(await scoresOf(scale({ percentile: 0.5 }), square, [], x), expected, { relative: 1e-6 });
  });
  test('features of no ReLU, and a factor past float32', async () => {
    for (const method of [scale({ percentile: 0.5 }), ash({ variant: 's', percentile: 0.5 })]) {
      const negative = scoresOf(method, square, [], rows([1, 1], [-1, -2]));
      await expect(negative).rejects.toThrow('ReLU (the largest with a sum above 0), got a sum of -1 at row 1');
    }
    const wide = headOf(Array.from({ length: 200 }, () => [1]), [0]); // prettier-ignore
    const even = rows(Array<number>(200).fill(1));
    await expect(scoresOf(scale({ percentile: 0.98 }), wide, [], even)).resolves.toHaveLength(1);
    await expect(scoresOf(scale({ percentile: 0.999 }), wide, [], even)).rejects.toThrow('at row 0');
  });
  test('fdbd: at the mean, on the boundary, equal weights, one class', async () => {
    const blocks = [{ features: rows([2, 0], [4, 0]), labels: [0, 0] }];
    const scores = await scoresOf(fdbd(), square, blocks, rows([3, 0], [2, 2], [3, 1], [4, 4]));
    expectClose(scores, [-(2 - 2 ** -23) * 2 ** 127, 0, -Math.SQRT2, 0]);
    const one = headOf([[1], [1]], [0]);
    await expect(fdbd().fit(blocks, { head: one })).rejects.toThrow('at least 2 classes');
    const twins = headOf([[1, 0, 1], [2, 0, 2]], [0, 0, 1]); // prettier-ignore
    await expect(fdbd().fit(blocks, { head: twins })).rejects.toThrow('got the same for classes 0 and 2');
  });
  test('she: patterns of the rightly classified, labels checked', async () => {
    const blocks = [{ features: rows([2, 0], [4, 0], [0, 3], [9, 0]), labels: [0, 0, 1, 1] }];
    const x = rows([1, 0.5], [0, 0], [1, 2]);
    expectClose(await scoresOf(she(), square, blocks, x), [-3, 0, -6]);
    const wrong = (labels: number[]) => she().fit([{ features: rows([1, 0], [0, 1]), labels }], { head: square });
    await expect(wrong([0, -1])).rejects.toThrow('labels must be class indices from 0 to 1');
    await expect(wrong([0, 2])).rejects.toThrow('got 2 at index 1');
    await expect(wrong([0])).rejects.toThrow('labels must be 2 rows, as the features, got 1');
    await expect(wrong([1, 0])).rejects.toThrow('got none of class 0, which has 1');
    await expect(she().fit([], { head: square })).rejects.toThrow('got no row');
    // A class without a row has no pattern: what the head takes for it is compared with the likeliest of the others.
    const absent = [{ features: rows([1, 0], [0, 1]), labels: [0, 0] }];
    expectClose(await scoresOf(she(), square, absent, rows([1, 2], [3, 2])), [-1, -3]);
    const one = headOf([[1], [1]], [0]);
    const single = [{ features: rows([2, 1]), labels: [0] }];
    expectClose(await scoresOf(she(), one, single, rows([3, 4])), [-10]);
  });
  test('vim: one sample a block, a head with equal columns, duplicated rows, what leaves no residual', async () => {
    const twins = headOf([[1, 1], [0, 0]], [2, 2]); // prettier-ignore
    // The origin is [-2, 0]; rows about it scatter along the first unit.
    const lines = [[6, 1], [-10, 1], [6, -1], [-10, -1]].map((row) => ({ features: rows(row), labels: [0] })); // prettier-ignore
    const scorer = await residual({ dimension: 1 }).fit(lines, { head: twins });
    expectClose([...scorer.state().tensors['origin']!.data], [-2, 0], { absolute: 1e-12 });
    expectClose(await scorer.score({ features: rows([50, 3], [0, -4], [-2, 0]) }), [3, 4, 0], { absolute: 1e-5 });
    scorer.dispose();
    const same = [{ features: rows([3, 1], [3, 1]), labels: [0, 0] }];
    await expect(vim({ dimension: 1 }).fit(same, { head: square })).rejects.toThrow('dimension must be so small');
    const three = headOf([[1, 0], [0, 1], [0, 0]], [0, 0]); // prettier-ignore
    const flat = [{ features: rows([3, 1, 1], [3, 1, 1]), labels: [0, 0] }];
    await expect(residual({ dimension: 2 }).fit(flat, { head: three })).rejects.toThrow(
      'residual: dimension must be at most the rank of the training features, got 2, where the rank is 1',
    );
    await expect(vim({ dimension: 2 }).fit(same, { head: square })).rejects.toThrow('below the number of features, 2');
    const low = [{ features: rows([-3, -1], [-1, -5]), labels: [0, 0] }];
    await expect(vim({ dimension: 1 }).fit(low, { head: square })).rejects.toThrow('a mean above 0, got -1');
    // k = 0: the whole distance from the origin.
    expectClose(await scoresOf(residual({ dimension: 0 }), square, same, rows([3, 4])), [5]);
  });
  test('vim: a smaller sample changes alpha alone, the seed says which', async () => {
    const { features, head } = largeCase(0);
    const alpha = async (sampleSize: number, seed: number) => {
      const scorer = await vim({ dimension: 20, sampleSize, seed }).fit([{ features }], { head });
      scorer.dispose();
      return scorer.state().options['alpha'] as number;
    };
    const [all, part, again, other] = [
      await alpha(4096, 1),
      await alpha(50, 1),
      await alpha(50, 1),
      await alpha(50, 2),
    ];
    expect(part).toBe(again);
    expect(part).not.toBe(other);
    expectClose([part, other], [all, all], { relative: 0.1 });
  });
});

describe('every head scorer', () => {
  const blocks = [{ features: rows([2, 0], [0, 3]), labels: [0, 1] }];
  const methods = [react(), ash(), scale(), vim(), residual(), fdbd(), she()].map((method) => method as Method);
  test.each(methods.map((method) => [method.kind, method] as const))('%s: refuses a bad head', async (kind, method) => {
    const fit = (head: unknown) => method.fit(blocks, { head: head as Head });
    await expect(fit(undefined)).rejects.toThrow(`${kind}: head must be the model's last layer`);
    await expect(fit({ ...square, shape: [3, 2] })).rejects.toThrow('got 4 weights and 2 biases for [3, 2]');
    await expect(fit({ ...square, weights: [1, 0, 0, 1] })).rejects.toThrow('head must be Float32Arrays');
    await expect(fit(headOf([[1, NaN]], [0, 0]))).rejects.toThrow('head.weights must be finite');
  });
  test.each([react({ percentile: 0.6, then: 'max-logit' }), vim({ dimension: 1 }), fdbd()])(
    '$kind: the restored keeps its options, not those of the method that restores it',
    async (method) => {
      const features = rows([2, 0], [0, 3], [3, 1], [5, 4]);
      const scorer = await method.fit([{ features }], { head: square });
      const fresh = [react(), vim(), fdbd()].find(({ kind }) => kind === method.kind)!;
      const again = fresh.restore(decodeScorer(encodeScorer(scorer.state())), {});
      expect(await again.score({ features })).toEqual(await scorer.score({ features }));
      scorer.dispose();
      again.dispose();
    },
  );
  test('options', () => {
    expect(() => react({ percentile: 90 })).toThrow('react: percentile must be a share between 0 and 1');
    expect(() => react({ then: 'gen' as 'msp' })).toThrow('then must be one of energy, msp, max-logit, got gen');
    expect(() => ash({ variant: 'x' as 's' })).toThrow('ash: variant must be one of s, b, p, got x');
    expect(() => ash({ percentile: 0 })).toThrow('ash: percentile');
    expect(() => scale({ percentile: 1 })).toThrow('scale: percentile');
    expect(() => vim({ dimension: 1.5 })).toThrow('vim: dimension must be a whole number from 0, got 1.5');
    expect(() => vim({ sampleSize: 0 })).toThrow('vim: sampleSize');
    expect(() => vim({ seed: 0.5 })).toThrow('vim: seed');
    expect(() => residual({ dimension: -1 })).toThrow('residual: dimension');
    for (const method of [fdbd, she, react, ash, scale, vim, residual]) {
      expect(() => method({ blockSize: 0 })).toThrow('blockSize must be a whole number from 1, got 0');
    }
  });
  test('nothing is left on the backend when scoring throws', async () => {
    await tf.setBackend('cpu');
    const before = tf.memory().numTensors;
    const { head, features } = largeCase(0);
    const scorer = await residual().fit([{ features }], { head });
    const broken = features.data.slice().fill(3e38);
    await expect(scorer.score({ features: { ...features, data: broken } })).rejects.toThrow();
    scorer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
