import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { auroc, aurocInterval, compareAurocs, fprAtTpr } from 'tfjs-ood/metrics';
import { seededRandom } from 'tfjs-ood';
import { bestScorer, holmAdjusted } from '../../../src/detector/compare/best-scorer';
import { meanAuroc, meanDifference, meanLimits } from '../../../src/detector/compare/mean-auroc';
import { drawnCounts, meanFpr } from '../../../src/detector/compare/mean-fpr';
import type { ScoredTrial } from '../../../src/detector/compare/trial';

/** No pause at all. */
const go = () => Promise.resolve();
const ids = (from: number, count: number) => Int32Array.from({ length: count }, (_, i) => from + i);
const trialOf = (inScores: ArrayLike<number>, outScores: ArrayLike<number>): ScoredTrial => ({
  inRows: ids(0, inScores.length),
  outRows: ids(inScores.length, outScores.length),
  inScores: Float32Array.from(inScores),
  outScores: Float32Array.from(outScores),
  weight: 1,
});

/** Scores with ties. */
const scores = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 2, maxLength: 30 });

describe('of one trial', () => {
  test('area and limits are those of aurocInterval', async () => {
    await fc.assert(
      fc.asyncProperty(scores, scores, async (inScores, outScores) => {
        const mean = await meanAuroc('test', [trialOf(inScores, outScores)], inScores.length + outScores.length, go);
        const expected = aurocInterval(inScores, outScores);
        const [lower, upper] = meanLimits(mean, 0.95);
        expect(mean.value).toBeCloseTo(expected.auroc, 12);
        expect(lower).toBeCloseTo(expected.lower, 9);
        expect(upper).toBeCloseTo(expected.upper, 9);
      }),
      { seed: 1 },
    );
  });

  test('the test is that of compareAurocs, of perfect and equal scores too', async () => {
    const pairs = fc.integer({ min: 2, max: 25 }).chain((n) => {
      const list = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: n, maxLength: n });
      return fc.tuple(list, list, list, list);
    });
    const agree = async (a: number[], b: number[], c: number[], d: number[]) => {
      const [first, second] = [trialOf(a, b), trialOf(c, d)];
      const rows = a.length + b.length;
      const own = meanDifference(
        await meanAuroc('x', [first], rows, go),
        await meanAuroc('x', [second], rows, go),
        0.9,
      );
      const expected = compareAurocs({ inScores: a, outScores: b }, { inScores: c, outScores: d }, { confidence: 0.9 });
      for (const name of ['difference', 'pValue', 'lower', 'upper'] as const) {
        expect(own[name]).toBeCloseTo(expected[name], 9);
      }
    };
    await fc.assert(
      fc.asyncProperty(pairs, ([a, b, c, d]) => agree(a, b, c, d)),
      { seed: 2 },
    );
    await agree([0, 1, 2], [3, 4, 5], [0, 0, 0], [0, 0, 0]);
    await agree([0, 1, 2], [3, 4, 5], [0, 1, 2], [3, 4, 5]);
  });

  test('FPR at 95 % TPR is fprAtTpr, and lies within its limits', async () => {
    await fc.assert(
      fc.asyncProperty(scores, scores, async (inScores, outScores) => {
        const trial = trialOf(inScores, outScores);
        const strata = Int32Array.from(
          { length: inScores.length + outScores.length },
          (_, i) => +(i < inScores.length),
        );
        const { value, lower, upper } = await meanFpr([trial], await drawnCounts(strata, 1, go), 0.95, go);
        expect(value).toBeCloseTo(fprAtTpr(trial.inScores, trial.outScores), 12);
        expect(lower).toBeLessThanOrEqual(value);
        expect(upper).toBeGreaterThanOrEqual(value);
      }),
      { seed: 3, numRuns: 40 },
    );
  });
});

/** Known rows of some classes, each left out in turn: a row is known in all trials but one, and unknown in that. */
function leftOut(random: ReturnType<typeof seededRandom>, classes: number, each: number): ScoredTrial[] {
  const rows = Array.from({ length: classes * each }, () => random.normal());
  return Array.from({ length: classes }, (_, label) => {
    const isOwn = (row: number) => row % classes === label;
    const all = Array.from(rows.keys());
    const [inRows, outRows] = [all.filter((row) => !isOwn(row)), all.filter(isOwn)];
    return {
      inRows: Int32Array.from(inRows),
      outRows: Int32Array.from(outRows),
      inScores: Float32Array.from(inRows, (row) => rows[row]!),
      outScores: Float32Array.from(outRows, (row) => rows[row]! + 1),
      weight: 1 / classes,
    };
  });
}

/** One set of known rows against several others. */
function sharing(random: ReturnType<typeof seededRandom>, sets: number, each: number): ScoredTrial[] {
  const inScores = Float32Array.from({ length: each }, () => random.normal());
  return Array.from({ length: sets }, (_, set) => ({
    inRows: ids(0, each),
    outRows: ids((set + 1) * each, each),
    inScores,
    outScores: Float32Array.from({ length: each }, () => random.normal() + 1),
    weight: 1 / sets,
  }));
}

describe('of several trials that share rows', () => {
  test.each([
    ['classes left out in turn', leftOut, 3, 20, 60],
    ['sets against the same known rows', sharing, 4, 30, 150],
  ] as const)(
    '%s: the error is that of repeated draws, and not of independent trials',
    async (_, make, count, each, rows) => {
      const random = seededRandom(7);
      const runs = 1000;
      let [sum, squares, told, covered] = [0, 0, 0, 0];
      const truth = 0.7602499; // P(N(1, 1) > N(0, 1)) = Phi(1 / sqrt 2)
      for (let run = 0; run < runs; run++) {
        const mean = await meanAuroc('x', make(random, count, each), rows, go);
        const [lower, upper] = meanLimits(mean, 0.95);
        sum += mean.value;
        squares += mean.value ** 2;
        told += mean.parts.reduce((all, part) => all + part ** 2, 0);
        covered += Number(lower <= truth && truth <= upper);
      }
      const spread = squares / runs - (sum / runs) ** 2;
      expect(sum / runs).toBeCloseTo(truth, 2);
      expect(told / runs / spread).toBeGreaterThan(0.9);
      expect(told / runs / spread).toBeLessThan(1.2);
      expect(covered / runs).toBeGreaterThan(0.93);
    },
  );

  test('means are by the weights', async () => {
    const trials = [trialOf([1, 2], [3, 0]), trialOf([1, 2], [3, 4])].map((one, i) => ({
      ...one,
      weight: [0.25, 0.75][i]!,
    }));
    expect((await meanAuroc('x', trials, 4, go)).value).toBeCloseTo(0.25 * 0.5 + 0.75, 12);
    expect(auroc([1, 2], [3, 0])).toBe(0.5);
    const { value } = await meanFpr(trials, await drawnCounts(new Int32Array(4), 1, go), 0.95, go);
    expect(value).toBeCloseTo(0.25 * 0.5, 12);
  });
});

describe('intervals of FPR', () => {
  test('none of twenty that pass can still be one in six, by Clopper and Pearson', async () => {
    const trial = trialOf(
      Array.from({ length: 50 }, (_, i) => i),
      Array.from({ length: 20 }, (_, i) => 100 + i),
    );
    const strata = Int32Array.from({ length: 70 }, (_, i) => +(i < 50));
    const { value, lower, upper } = await meanFpr([trial], await drawnCounts(strata, 1, go), 0.95, go);
    expect([value, lower]).toEqual([0, 0]);
    expect(upper).toBeCloseTo(0.1684335, 6); // scipy.stats.beta.ppf(0.975, 1, 20)
  });

  test('they hold the true rate, though the threshold comes of few known rows', async () => {
    const random = seededRandom(11);
    const truth = 0.2594; // Phi(1.645 - 2.29): of N(2.29, 1) so many lie below the 95th percentile of N(0, 1)
    const strata = Int32Array.from({ length: 100 }, (_, i) => +(i < 40));
    let covered = 0;
    for (let run = 0; run < 200; run++) {
      const inScores = Array.from({ length: 40 }, () => random.normal());
      const outScores = Array.from({ length: 60 }, () => random.normal() + 2.29);
      const { lower, upper } = await meanFpr(
        [trialOf(inScores, outScores)],
        await drawnCounts(strata, run, go),
        0.95,
        go,
      );
      covered += Number(lower <= truth && truth <= upper);
    }
    expect(covered).toBeGreaterThan(170);
  });

  test('a draw has as many rows of each stratum as there are', async () => {
    const strata = Int32Array.from({ length: 30 }, (_, i) => i % 3);
    const draws = await drawnCounts(strata, 2, go);
    expect(draws).toHaveLength(400);
    for (const counts of draws.slice(0, 20)) {
      for (const stratum of [0, 1, 2]) {
        expect(counts.reduce((sum, count, row) => sum + (strata[row] === stratum ? count : 0), 0)).toBe(10);
      }
    }
    expect(draws[0]).not.toEqual(draws[1]);
  });
});

describe('the best of many', () => {
  test('p-values by Holm, as statsmodels has them', () => {
    // multipletests([0.01, 0.04, 0.03, 0.005, 0.9], method='holm')[1]
    const adjusted = holmAdjusted([0.01, 0.04, 0.03, 0.005, 0.9]);
    [0.04, 0.09, 0.09, 0.025, 0.9].forEach((value, i) => expect(adjusted[i]).toBeCloseTo(value, 12));
    expect(holmAdjusted([0.5, 0.6])).toEqual([1, 1]);
    expect(holmAdjusted([])).toEqual([]);
  });

  /** Scorers that see the same rows each with noise of their own. */
  function drawn(random: ReturnType<typeof seededRandom>, shifts: readonly number[], each: number) {
    const base = Array.from({ length: 2 * each }, () => random.normal());
    return Promise.all(
      shifts.map((shift) => {
        const own = base.map((value, row) => value + random.normal() + (row < each ? 0 : shift));
        return meanAuroc('x', [trialOf(own.slice(0, each), own.slice(each))], 2 * each, go);
      }),
    );
  }

  test('of ten that are equal one is seldom called worse, though the best was chosen on the same rows', async () => {
    const random = seededRandom(5);
    const names = Array.from({ length: 10 }, (_, i) => `s${i}`);
    let wrong = 0;
    for (let run = 0; run < 300; run++) {
      const { against } = await bestScorer(names, await drawn(random, new Array<number>(10).fill(1), 60), 0.95, go);
      wrong += Number(against.some(({ isTied }) => !isTied));
    }
    expect(wrong / 300).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 300));
  });

  test('names the best, those that are tied with it, and says so in words', async () => {
    const random = seededRandom(6);
    const means = await drawn(random, [3, 2.9, 0.3, 0], 150);
    const best = await bestScorer(['a', 'b', 'c', 'd'], means, 0.95, go);
    expect(best.name).toBe('a');
    expect(best.against.map(({ name, isTied }) => [name, isTied])).toEqual([
      ['b', true],
      ['c', false],
      ['d', false],
    ]);
    expect(best.said).toBe(
      'a has the highest AUROC, but so few images do not tell it apart from b; the others are worse',
    );
    for (const one of best.against) {
      expect(one.difference).toBeGreaterThanOrEqual(0);
      expect(one.adjustedPValue).toBeGreaterThanOrEqual(one.pValue);
      expect(one.lower).toBeLessThanOrEqual(one.difference);
    }
    const two = await bestScorer(['c', 'a'], [means[2]!, means[0]!], 0.95, go);
    expect(two).toMatchObject({ name: 'a', said: 'a has the highest AUROC, and is told apart from all others' });
    expect(two.against[0]).toMatchObject({ name: 'c', isTied: false });
    expect(await bestScorer(['a', 'b'], [means[0]!, means[0]!], 0.95, go)).toMatchObject({
      said: 'a has the highest AUROC, but so few images do not tell it apart from b',
      against: [{ name: 'b', difference: 0, pValue: 1, isTied: true }],
    });
  });
});
