import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import {
  decodeScorer,
  encodeScorer,
  energy,
  entropy,
  gen,
  jointEnergy,
  klMatching,
  maxLogit,
  msp,
  type ReadyScorer,
  type ScorerState,
} from 'tfjs-ood/scorers';
import fixture from '../fixtures/logit-scorers.json';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { testScorer } from './test-scorer';

// The strange rows of the suite hold one strong unit of one class: to the head they are nearly as good as known ones.
const fromLogits = { leastAuroc: 0.68 };
testScorer('msp', () => msp(), fromLogits);
testScorer('msp at a temperature', () => msp({ temperature: 10 }), fromLogits);
testScorer('maxLogit', () => maxLogit(), fromLogits);
testScorer('energy', () => energy(), fromLogits);
testScorer('entropy', () => entropy(), fromLogits);
testScorer('gen', () => gen(), fromLogits);
testScorer('jointEnergy', () => jointEnergy(), fromLogits);
testScorer('klMatching', () => klMatching(), fromLogits);

const rows = (...all: number[][]) => ({
  data: Float32Array.from(all.flat()),
  shape: [all.length, all[0]!.length] as const,
});
const logits = { data: Float32Array.from(fixture.logits), shape: fixture.shape as [number, number] };
const one = async (scorer: ReadyScorer<'logits'>, ...row: number[]) => (await scorer.score({ logits: rows(row) }))[0]!;

const ready: [string, () => ReadyScorer<'logits'>][] = [
  ['msp', () => msp()],
  ['maxLogit', () => maxLogit()],
  ['energy', () => energy()],
  ['entropy', () => entropy()],
  ['gen', () => gen()],
];

describe('logit scorers', () => {
  test.each([
    ['msp', msp()],
    ['mspAt5', msp({ temperature: 5 })],
    ['maxLogit', maxLogit()],
    ['energy', energy()],
    ['energyAtHalf', energy({ temperature: 0.5 })],
    ['entropy', entropy()],
    ['gen', gen()],
    ['genOf3', gen({ gamma: 0.5, m: 3 })],
  ] as const)('%s: as PyTorch in float64', async (name, scorer) => {
    expectClose(await scorer.score({ logits }), fixture[name], { relative: 2e-7, absolute: 1e-7 });
  });

  test('golden values of the logits 2, 1, 0', async () => {
    expectClose(await one(energy(), 2, 1, 0), -2.407606);
    expectClose(await one(msp(), 2, 1, 0), 0.407606);
    expectClose(await one(entropy(), 2, 1, 0), 0.8323956);
    expectClose(await one(gen({ gamma: 0.1, m: 3 }), 2, 1, 0), 2.4838429);
    expect(await one(maxLogit(), 2, 1, 0)).toBe(-2);
    // log(1 + e^2) + log(1 + e^-1) + log 2
    expectClose(await one(jointEnergy(), 2, -1, 0), -(2.1269280110429727 + 0.31326168751822286 + 0.6931471805599453));
  });

  test('jointEnergy: strange without a tag, less with each one more; finite and exact at the ends', async () => {
    const scores = await jointEnergy().score({ logits: rows([-5, -5, -5], [5, -5, -5], [5, 5, -5], [5, 5, 5]) });
    for (let i = 1; i < 4; i++) expect(scores[i - 1]! - scores[i]!).toBeCloseTo(5, 5); // log(1 + e^5) - log(1 + e^-5)
    expect(await one(jointEnergy(), 1e4, -1e4)).toBe(-1e4);
    expectClose(await one(jointEnergy(), -80, -80), -2 * Math.exp(-80), { relative: 1e-6, absolute: 0 });
    expect((await jointEnergy().fit([{ logits }] as never, {})).largestScore).toBe(0);
    const many = fc.array(fc.double({ min: -30, max: 30, noNaN: true }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(many, async (row) => {
        const wanted = row.reduce((sum, z) => sum - Math.log(1 + Math.exp(Math.fround(z))), 0);
        expectClose(await one(jointEnergy(), ...row), wanted, { relative: 1e-6, absolute: 1e-12 });
      }),
      { numRuns: 60 },
    );
  });

  test.each(ready)('%s: higher for the undecided, whatever the order of the classes', async (_, scorer) => {
    const scores = await scorer().score({ logits: rows([1, 0, 0], [4, 0, 0], [0, 0, 4], [9, 1, 0]) });
    expect(scores[0]).toBeGreaterThan(scores[1]!);
    expect(scores[1]).toBe(scores[2]);
    expect(scores[2]).toBeGreaterThan(scores[3]!);
  });

  test('msp tells confident rows apart where the softmax is 1', async () => {
    const gaps = [15, 20, 40, 60, 80, 100];
    const scores = await msp().score({ logits: rows(...gaps.map((gap) => [gap, 0])) });
    gaps.forEach((gap, i) => expectClose(Math.log(scores[i]!), -gap, { absolute: 0.02 }));
    const warm = await msp({ temperature: 1000 }).score({ logits: rows([1e4, 0], [1.1e4, 0]) });
    expectClose(warm, [Math.log1p(Math.exp(-10)), Math.log1p(Math.exp(-11))], { relative: 1e-6, absolute: 0 });
  });

  test('logits of 200 and 1e4: finite, and right', async () => {
    expectClose(await one(entropy(), 200, 0, 0), 200 * 2 * Math.exp(-200), { absolute: 1e-44 });
    expect(await one(entropy(), 1e4, 0, -1e4)).toBe(0);
    expectClose(await one(entropy(), 1e4, 1e4, -1e4), Math.LN2);
    expect(await one(energy(), 1e4, 0, -1e4)).toBe(-1e4);
    expectClose(await one(energy(), -1e4, -1e4), 1e4 - Math.LN2, { absolute: 1e-3 });
    expectClose(await one(msp(), 1e4, 1e4), Math.LN2);
    expect(await one(maxLogit(), 1e4, -1e4)).toBe(-1e4);
    // Both terms are (e^-g (1 - e^-g))^0.1, about e^(-g / 10).
    expectClose(await one(gen(), 200, 0), 2 * Math.exp(-20), { relative: 1e-6, absolute: 0 });
    expectClose(await one(gen(), 900, 0), 2 * Math.exp(-90), { relative: 1e-5, absolute: 0 });
    expect(await one(gen(), 1e4, 0)).toBe(0);
  });

  test('one class is a certain one', async () => {
    expect(await one(msp(), 3)).toBe(0);
    expect(await one(entropy(), 3)).toBe(0);
    expect(await one(gen(), 3)).toBe(0);
    expect(await one(energy(), 3)).toBe(-3);
    expect(await one(maxLogit(), 0)).toBe(0);
  });

  test('a shift moves energy and maxLogit by itself, and the others not at all', async () => {
    // Whole numbers, so that the shift is exact.
    const list = fc.array(fc.integer({ min: -30, max: 30 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(list, fc.integer({ min: -1000, max: 1000 }), async (row, by) => {
        const moved = row.map((value) => value + by);
        for (const scorer of [msp(), entropy(), gen({ m: 2 })]) {
          expectClose(await one(scorer, ...moved), await one(scorer, ...row), { relative: 1e-6, absolute: 1e-40 });
        }
        for (const scorer of [energy(), maxLogit()]) {
          expectClose(await one(scorer, ...moved), (await one(scorer, ...row)) - by, { absolute: 2e-4 });
        }
      }),
      { numRuns: 60 },
    );
  });

  test('options are checked, saved, and used by what is restored', async () => {
    for (const temperature of [0, -1, NaN, Infinity, '2' as unknown as number]) {
      expect(() => msp({ temperature })).toThrow('msp: temperature must be a number above 0');
      expect(() => energy({ temperature })).toThrow('energy: temperature must be a number above 0');
    }
    expect(() => gen({ gamma: 0 })).toThrow('gamma must be a share above 0 and at most 1, got 0');
    expect(() => gen({ m: 1.5 })).toThrow('m must be a whole number from 1, got 1.5');
    const scorer = gen({ gamma: 0.5, m: 3 });
    const again = gen().restore(decodeScorer(encodeScorer(scorer.state())), {});
    expect(await again.score({ logits })).toEqual(await scorer.score({ logits }));
    expect(await again.score({ logits })).not.toEqual(await gen().score({ logits }));
    const broken: ScorerState = { ...msp().state(), options: { temperature: -2 } };
    expect(() => msp().restore(broken, {})).toThrow('state.options.temperature must be a number above 0, got -2');
    expect(() => msp().restore({ ...broken, options: {} }, {})).toThrow(
      'temperature must be a number above 0, got nothing',
    );
  });

  test('a ready scorer and its fitted copy end on their own', async () => {
    const scorer = energy();
    const copy = await scorer.fit([], {});
    scorer.dispose();
    await expect(one(scorer, 1, 2)).rejects.toThrow('one after dispose()');
    expect(await copy.score({ logits: rows([1]) })).toEqual(Float32Array.of(-1));
    copy.dispose();
  });

  test('a score that float32 does not hold is refused', async () => {
    await expect(msp({ temperature: 1e-3 }).score({ logits: rows([3e38, -3e38]) })).resolves.toEqual(
      Float32Array.of(0),
    );
    await expect(energy({ temperature: 1e39 }).score({ logits: rows([0, 1]) })).rejects.toThrow('at row 0');
  });
});

onEachBackend('klMatching', () => {
  const block = {
    logits: { data: Float32Array.from(fixture.fit.logits), shape: fixture.fit.shape as [number, number] },
  };

  test('as PyTorch in float64, whatever the blocks', async () => {
    const scorer = await klMatching().fit([block], {});
    const { classes, logTemplates } = scorer.state().tensors;
    expect([...classes!.data]).toEqual(fixture.fit.predicted);
    // Each template is a distribution.
    const sums = fixture.fit.predicted.map((_, k) =>
      [...logTemplates!.data].slice(k * 7, k * 7 + 7).reduce((sum, log) => sum + Math.exp(log), 0),
    );
    expectClose(sums, sums.fill(1), { absolute: 1e-12 });
    expectClose(await scorer.score({ logits }), fixture.kl, { relative: 1e-6 });
    scorer.dispose();
  });

  test('a row like its template scores 0; logits of 1e4 stay finite', async () => {
    const scorer = await klMatching().fit([{ logits: rows([1e4, 0, 0], [0, 1e4, 0], [2, 1, 0]) }], {});
    expect([...(await scorer.score({ logits: rows([0, 1e4, 0]) }))]).toEqual([0]);
    const scores = await scorer.score({ logits: rows([0, 0, 1e4], [5, 6, 1e4]) });
    // Of class 2 only the row 2, 1, 0 left anything: softmax .0900306 over two rows.
    expectClose(scores, [-Math.log(0.0900306 / 2), -Math.log(0.0900306 / 2)], { absolute: 1e-5 });
    scorer.dispose();
  });

  test('many classes go through the backend: as in float64', async () => {
    const [classes, count] = [300, 900];
    const random = seededRandom(4);
    const draw = (scale: number) => ({
      data: Float32Array.from(
        { length: count * classes },
        (_, i) => scale * random.normal() + 3 * Number(i % 301 === 0),
      ),
      shape: [count, classes] as const,
    });
    const [train, x] = [draw(1.5), draw(1.5)];
    const scorer = await klMatching().fit([{ logits: train }], {});
    const scores = await scorer.score({ logits: x });
    const logs = scorer.state().tensors['logTemplates']!;
    scorer.dispose();
    const templates = logs.shape[0]!;
    expect(templates).toBeGreaterThan(250);
    for (const row of [0, 1, 450, 899]) {
      const own = x.data.subarray(row * classes, (row + 1) * classes);
      const sum = own.reduce((total, value) => total + Math.exp(value), 0);
      let least = Infinity;
      for (let k = 0; k < templates; k++) {
        let divergence = 0;
        own.forEach((value, j) => {
          const p = Math.exp(value) / sum;
          divergence += p * (Math.log(p) - logs.data[k * classes + j]!);
        });
        least = Math.min(least, divergence);
      }
      expectClose(scores[row]!, least, { relative: 1e-6, absolute: 0 });
    }
    // Trained rows are near their own templates.
    const confident = { data: train.data.map((value) => 20 * value), shape: train.shape };
    const own = await klMatching().fit([{ logits: confident }], {});
    const alike = await own.score({ logits: confident });
    own.dispose();
    expect(alike.every((score) => score >= 0 && score < Math.log(count))).toBe(true);
  });

  test('errors', async () => {
    await expect(klMatching().fit([], {})).rejects.toThrow('klMatching: blocks must be at least one row');
    await expect(klMatching().fit([{ logits: rows([1, 2]) }, { logits: rows([1, 2, 3]) }], {})).rejects.toThrow(
      'logits must be [N, 2]',
    );
    await expect(klMatching().fit([{ logits: rows([1, 2], [NaN, 2]) }], {})).rejects.toThrow('NaN at row 1');
  });
});
