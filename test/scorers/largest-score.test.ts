import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import {
  classGaussians,
  energy,
  entropy,
  fdbd,
  gen,
  klMatching,
  mahalanobis,
  maxLogit,
  msp,
  nearestClassMean,
  nearestNeighbors,
  nnGuide,
  react,
  relativeMahalanobis,
  type Scorer,
} from 'tfjs-ood/scorers';
import '../on-each-backend';

beforeAll(() => tf.setBackend('cpu'));

const rows = (data: Float32Array, width: number) => ({ data, shape: [data.length / width, width] as const });
const drawn = (count: number, seed: number, scale = 1) => {
  const random = seededRandom(seed);
  return Float32Array.from({ length: count }, () => scale * random.normal());
};
const scoreOf = async (scorer: Scorer<'logits'>, ...logits: number[]) =>
  (await scorer.score({ logits: rows(Float32Array.from(logits), logits.length) }))[0]!;

/** Goes uphill by random steps from several starts; gives back the highest score that it met. */
async function climbed(scorer: Scorer<'logits'>, classes: number): Promise<number> {
  let highest = -Infinity;
  for (let start = 0; start < 6; start++) {
    let at: Float32Array = drawn(classes, start + 1, 3);
    let most = await scoreOf(scorer, ...at);
    for (let step = 0; step < 120; step++) {
      const size = 3 * 0.95 ** step;
      const tried = Float32Array.from({ length: 40 * classes }, () => 0);
      drawn(tried.length, 100 * start + step, size).forEach((by, i) => (tried[i] = at[i % classes]! + by));
      const scores = await scorer.score({ logits: rows(tried, classes) });
      const best = scores.reduce((a, score, i) => (score > scores[a]! ? i : a), 0);
      if (scores[best]! > most) {
        most = scores[best]!;
        at = tried.slice(best * classes, (best + 1) * classes);
      }
    }
    highest = Math.max(highest, most);
  }
  return highest;
}

describe('largest scores of the softmax, by the number of classes that the fit saw', () => {
  const cases = [
    ['msp', () => msp(), Math.log],
    ['msp at another temperature', () => msp({ temperature: 3 }), Math.log],
    ['entropy', () => entropy(), Math.log],
    ['gen', () => gen({ gamma: 0.3 }), (C: number) => C * ((1 / C) * (1 - 1 / C)) ** 0.3],
    ['gen of the two largest', () => gen({ gamma: 0.3, m: 2 }), () => 2 * 0.25 ** 0.3],
    ['gen of the largest', () => gen({ gamma: 1, m: 1 }), () => 0.25],
  ] as const;
  test.each(cases)('%s', async (_, method, expected) => {
    for (const classes of [2, 3, 7]) {
      const scorer = await method().fit([{ logits: rows(new Float32Array(classes), classes) }], {});
      const largest = scorer.largestScore!;
      expect(Math.abs(largest - expected(classes))).toBeLessThan(3e-7 * expected(classes));
      const found = await climbed(scorer, classes);
      expect(found).toBeLessThanOrEqual(largest);
      expect(found).toBeGreaterThan(0.97 * largest);
      await expect(scoreOf(scorer, ...new Float32Array(classes + 1))).rejects.toThrow(`[N, ${classes}]`);
      scorer.dispose();
    }
  });

  test('equal logits have it, near-equal ones never more, of very many classes too', async () => {
    for (const method of [msp(), entropy(), gen()]) {
      for (const classes of [2, 10, 99, 1000]) {
        const scorer = await method.fit([{ logits: rows(new Float32Array(classes), classes) }], {});
        if (classes < 100 || method.kind !== 'gen') {
          expect(await scoreOf(scorer, ...new Float32Array(classes).fill(7)), method.kind).toBe(scorer.largestScore);
        }
        for (const scale of [1e-7, 1e-4, 1e-2]) {
          for (const score of await scorer.score({ logits: rows(drawn(50 * classes, 3, scale), classes) })) {
            expect(score).toBeLessThanOrEqual(scorer.largestScore!);
          }
        }
        scorer.dispose();
      }
    }
  });

  test('one class: the score is always 0, and says so', async () => {
    for (const method of [msp(), entropy(), gen()]) {
      const scorer = await method.fit([{ logits: rows(Float32Array.of(1, 2), 1) }], {});
      expect(scorer.largestScore).toBe(0);
      expect(await scoreOf(scorer, 4)).toBe(0);
      scorer.dispose();
    }
  });

  test('a scorer that was shown no logits knows no number of classes', async () => {
    expect(msp().largestScore).toBeUndefined();
    const scorer = await msp().fit([], {});
    expect(scorer.largestScore).toBeUndefined();
    expect(await scoreOf(scorer, 1, 1)).toBeCloseTo(Math.log(2), 6);
    scorer.dispose();
  });

  test('a saved number of classes that is none, or so large that nothing of it may be allocated', () => {
    const many = { gamma: 0.1, m: 2 ** 50, classes: 2 ** 51 };
    expect(gen().restore({ kind: 'gen', options: many, tensors: {} }, {}).largestScore).toBeGreaterThan(1e13);
    expect(
      entropy().restore({ kind: 'entropy', options: { classes: 2 ** 51 }, tensors: {} }, {}).largestScore,
    ).toBeCloseTo(51 * Math.LN2, 5);
    expect(() => msp().restore({ kind: 'msp', options: { temperature: 1, classes: 0 }, tensors: {} }, {})).toThrow(
      'state.options.classes must be a whole number from 1',
    );
  });
});

test('KL matching: at most what its template gives to a certain class', async () => {
  const logits = rows(Float32Array.of(3, 0, 0, 3, 1, 0), 3);
  const scorer = await klMatching().fit([{ logits }], {});
  expect(scorer.state().tensors.classes!.data).toHaveLength(1);
  // One template: a certain row of its rarest class has KL = -log d.
  const least = Math.min(...(scorer.state().tensors.logTemplates!.data as Float64Array));
  expect(await scoreOf(scorer, 0, 0, 500)).toBe(scorer.largestScore);
  expect(scorer.largestScore).toBeCloseTo(-least, 6);
  expect(await climbed(scorer, 3)).toBeLessThanOrEqual(scorer.largestScore!);
  scorer.dispose();
});

test('distances of directions end at 2, others do not', async () => {
  const block = { features: rows(Float32Array.of(1, 1e-4, 2, -1e-4, 1, 0), 2), labels: [0, 0, 0] };
  const opposite = { features: rows(Float32Array.of(-1, 0, -1, 1e-5, -3e8, 0, 0, 0), 2) };
  for (const method of [
    nearestNeighbors({ k: 1 }),
    nearestNeighbors({ k: 2, use: 'mean' }),
    nearestClassMean({ distance: 'cosine' }),
  ]) {
    const scorer = await method.fit([block], {});
    expect(scorer.largestScore).toBe(2);
    const scores = await scorer.score(opposite);
    expect(Math.max(...scores)).toBe(2);
    scorer.dispose();
  }
  for (const method of [
    nearestNeighbors({ k: 1, normalize: 'none' }),
    nearestClassMean(),
    mahalanobis(),
    relativeMahalanobis(),
    classGaussians(),
  ]) {
    const two = { features: rows(Float32Array.of(1, 1e-4, 2, -1e-4, 1, 0, 2, 1), 2), labels: [0, 0, 1, 1] };
    const scorer = await method.fit([two], {});
    expect(scorer.largestScore).toBeUndefined();
    scorer.dispose();
  }
  // Of one class both distances of the relative one are the same.
  const relative = await relativeMahalanobis().fit([block], {});
  expect(relative.largestScore).toBe(0);
  relative.dispose();
});

test('of the head: fDBD ends on the boundaries, ReAct as the score that follows it', async () => {
  const head = { weights: Float32Array.of(1, 0, 0, 1), bias: new Float32Array(2), shape: [2, 2] as const };
  const block = { features: rows(Float32Array.of(2, 0, 0, 3), 2), logits: rows(Float32Array.of(2, 0, 0, 3), 2) };
  const boundary = { features: rows(Float32Array.of(1, 1, 1, 2), 2) };
  const fdbdScorer = await fdbd().fit([block], { head });
  expect(fdbdScorer.largestScore).toBe(0);
  expect((await fdbdScorer.score(boundary))[0]).toBe(0);
  const reactMsp = await react({ then: 'msp' }).fit([block], { head });
  expect(reactMsp.largestScore).toBe(Math.fround(Math.log(2)));
  expect((await reactMsp.score(boundary))[0]).toBe(reactMsp.largestScore);
  const others = [await react().fit([block], { head }), await nnGuide({ k: 1 }).fit([block], {})];
  for (const ready of [energy(), maxLogit()]) others.push(await ready.fit([block], {}));
  for (const { largestScore } of others) expect(largestScore).toBeUndefined();
  for (const scorer of [fdbdScorer, reactMsp, ...others]) scorer.dispose();
});
