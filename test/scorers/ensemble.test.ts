import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import {
  decodeScorer,
  encodeScorer,
  energy,
  ensemble,
  entropy,
  msp,
  nearestClassMean,
  nearestNeighbors,
  odin,
  type FitBlock,
  type ScorerMethod,
} from 'tfjs-ood/scorers';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { surpriseBy } from '../../src/scorers/ensemble/surprise';
import { testScorer } from './test-scorer';

const pair = () => ensemble([nearestNeighbors({ k: 3 }), msp()]);
testScorer('ensemble, Fisher', () => ensemble([nearestNeighbors({ k: 3 }), nearestClassMean()]));
testScorer('ensemble, max', () => ensemble([nearestNeighbors({ k: 3 }), msp()], { combine: 'max' }));
// ODIN sees little more than chance in the suite's strange rows.
const ofImages = () => ensemble([odin(), pair()]);
testScorer('ensemble, of images and of another ensemble', ofImages, { leastAuroc: 0.8 });

const rows = (data: Float32Array, width: number) => ({ data, shape: [data.length / width, width] as const });
const drawn = (count: number, seed: number) => {
  const random = seededRandom(seed);
  return Float32Array.from({ length: count }, random.normal);
};

/** Scores a row by its first feature or logit; keeps which rows its fit saw. */
function first(what: 'features' | 'logits', seen: number[][] = []): ScorerMethod<'features' | 'logits', never> {
  const scorer = {
    kind: `first-${what}`,
    needs: [what],
    largestScore: undefined,
    score: (batch: Record<typeof what, { data: Float32Array; shape: readonly [number, number] }>) =>
      Promise.resolve(batch[what].data.filter((_, i) => i % batch[what].shape[1] === 0)),
    state: () => ({ kind: `first-${what}`, options: {}, tensors: {} }),
    dispose: () => undefined,
  };
  return {
    ...scorer,
    fitNeeds: [],
    async fit(blocks: AsyncIterable<FitBlock>) {
      const own: number[] = [];
      for await (const block of blocks) own.push(...(block[what].data as Float32Array));
      seen.push(own);
      return scorer;
    },
    restore: () => scorer,
    partial: () => Promise.reject(new Error('no part')),
    partialFrom: () => Promise.reject(new Error('no part')),
    fromPartial: () => Promise.reject(new Error('no part')),
  };
}

/** -log p, and what is added to it beyond the largest of the held-out scores. */
function surpriseOf(score: number, held: readonly number[]): number {
  const sorted = [...held].sort((a, b) => a - b);
  const [largest, n] = [sorted.at(-1)!, sorted.length];
  const median = n % 2 === 1 ? sorted[(n - 1) / 2]! : (sorted[n / 2 - 1]! + sorted[n / 2]!) / 2;
  const p = (1 + held.filter((c) => c >= score).length) / (n + 1);
  return -Math.log(p) + (score > largest ? Math.log(1 + (score - largest) / (largest - median)) : 0);
}

describe('-log p with an order beyond the calibration', () => {
  const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });

  test('by hand', () => {
    const surprise = surpriseBy(Float32Array.of(0, 1, 2, 4)); // the median is 1.5
    expect(surprise(-9)).toBe(0); // p = 1
    expect(surprise(1)).toBeCloseTo(-Math.log(4 / 5), 14);
    expect(surprise(4)).toBeCloseTo(Math.log(5 / 2), 14);
    expect(surprise(6.5)).toBeCloseTo(Math.log(5) + Math.log(2), 14);
    expect(surprise(4 + 2.5 * 99)).toBeCloseTo(Math.log(5) + Math.log(100), 14);
  });

  test('rises with the score, through the largest of the calibration too, and is finite to the ends of float32', () => {
    const property = fc.property(
      fc.array(float32, { minLength: 1, maxLength: 30 }),
      fc.array(float32),
      (held, more) => {
        const calibration = Float32Array.from(held).sort();
        const largest = calibration.at(-1)!;
        const ulp = Math.max(2 ** -149, 2 ** -22 * Math.abs(largest));
        const ends = [-3.4e38, 3.4e38, largest, Math.fround(largest - ulp), Math.fround(largest + ulp)];
        const scores = Float64Array.from([...held, ...more, ...ends].filter(Number.isFinite)).sort();
        const surprise = surpriseBy(calibration);
        const n = held.length;
        scores.forEach((score, i) => {
          const own = surprise(score);
          expect(Number.isFinite(own)).toBe(true);
          if (i > 0) expect(own).toBeGreaterThanOrEqual(surprise(scores[i - 1]!));
          if (score > largest) expect(own).toBeGreaterThanOrEqual(Math.log(n + 1));
          else expect(own).toBeLessThan(Math.log(n + 1) - 0.69);
        });
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  test('equal calibration scores: what is above them by a bit is beyond', () => {
    for (const value of [0, 7, -1e-30, 3e38, 1e-45]) {
      const surprise = surpriseBy(new Float32Array(5).fill(value));
      const next = value + Math.max(2 ** -149, 2 ** -23 * Math.abs(value));
      expect(surprise(Math.fround(value))).toBe(0);
      expect(surprise(next)).toBeGreaterThanOrEqual(Math.log(6));
      expect(surprise(3.4028e38)).toBeGreaterThan(surprise(next));
    }
  });
});

onEachBackend('ensemble', () => {
  const features = rows(drawn(200, 1), 1);
  const logits = rows(drawn(200, 2), 1);

  test('p-values against the rows that no member saw, combined by definition', async () => {
    for (const combine of ['fisher', 'max'] as const) {
      const seen: number[][] = [];
      const method = ensemble([first('features', seen), first('logits', seen)], {
        combine,
        calibrationShare: 0.3,
        seed: 5,
      });
      const scorer = await method.fit([{ features, logits }], {});
      const held = [features, logits].map(({ data }, i) => [...data].filter((value) => !seen[i]!.includes(value)));
      expect(held[0]!.length).toBe(held[1]!.length);
      expect(Math.abs(held[0]!.length - 60)).toBeLessThan(25);
      const x = [rows(drawn(50, 3), 1), rows(drawn(50, 4), 1)] as const;
      x[0].data[7] = held[0]![3]!; // a tie counts
      const surprise = x.map(({ data }, i) => [...data].map((s) => surpriseOf(s, held[i]!)));
      const expected = Array.from({ length: 50 }, (_, row) => {
        const [a, b] = [surprise[0]![row]!, surprise[1]![row]!];
        return combine === 'fisher' ? 2 * (a + b) : Math.max(a, b);
      });
      expect(x[0].data.some((s) => s > Math.max(...held[0]!))).toBe(true); // beyond all of them too
      expectClose(await scorer.score({ features: x[0], logits: x[1] }), expected, { relative: 1e-6, absolute: 1e-7 });
      scorer.dispose();
    }
  });

  test('beyond all calibration rows farther is stranger, without end', async () => {
    for (const combine of ['fisher', 'max'] as const) {
      const method = ensemble([nearestNeighbors({ k: 1, normalize: 'none' }), nearestClassMean()], { combine });
      const plane = rows(drawn(200, 3), 2);
      const scorer = await method.fit([{ features: plane, labels: new Int32Array(100) }], {});
      expect(scorer.largestScore).toBeUndefined();
      const far = rows(Float32Array.from([10, 0, 20, 0, 40, 0, 1e3, 0, 1e5, 0, 1e8, 0]), 2);
      const scores = await scorer.score({ features: far });
      scores.forEach((score, i) => i > 0 && expect(score).toBeGreaterThan(scores[i - 1]! + 0.1));
      scorer.dispose();
    }
  });

  test('an end only where its members have one', async () => {
    const fitted = async (methods: ScorerMethod<'logits' | 'features', never>[], combine: 'fisher' | 'max') => {
      const scorer = await ensemble(methods, { combine }).fit([{ features, logits: rows(logits.data, 2) }], {});
      const { largestScore } = scorer;
      const shape = [1, 2] as const;
      const [most] = await scorer.score({
        features: rows(Float32Array.of(1e6), 1),
        logits: { data: new Float32Array(2), shape },
      });
      scorer.dispose();
      return [largestScore, most];
    };
    const bounded = [msp(), entropy()] as never;
    for (const combine of ['fisher', 'max'] as const) {
      const [largest, most] = await fitted(bounded, combine);
      expect(largest).toBeGreaterThan(0);
      expect(most).toBe(largest); // equal logits have it
      expect(await fitted([msp(), energy()] as never, combine)).toEqual([undefined, expect.any(Number)]);
    }
  });

  test('the same rows are held out whatever the blocks; another seed holds others', async () => {
    const fitted = async (size: number, seed: number) => {
      const seen: number[][] = [];
      const blocks = Array.from({ length: 200 / size }, (_, b) => ({
        features: rows(features.data.slice(b * size, (b + 1) * size), 1),
      }));
      const scorer = await ensemble([first('features', seen)], { seed }).fit(blocks as never, {});
      scorer.dispose();
      return seen[0];
    };
    expect(await fitted(200, 1)).toEqual(await fitted(1, 1));
    expect(await fitted(200, 1)).not.toEqual(await fitted(200, 2));
  });

  test('an error of a member, or of the stream, ends the fit and frees the others', async () => {
    const failing = {
      ...nearestClassMean(),
      fit: async (blocks: AsyncIterable<unknown>) => {
        for await (const block of blocks) throw new Error(`no more of this ${typeof block}`);
      },
    };
    const blocks = [1, 2, 3].map(() => ({ features: rows(drawn(40, 1), 2), labels: new Int32Array(20) }));
    const members = [nearestNeighbors({ k: 1 }), failing as never, nearestNeighbors({ k: 2 })] as never;
    await expect(ensemble(members).fit(blocks as never, {} as never)).rejects.toThrow('no more of this');
    async function* broken() {
      yield blocks[0]!;
      await Promise.resolve();
      throw new Error('cut off');
    }
    await expect(ensemble([nearestNeighbors({ k: 1 }), nearestNeighbors()]).fit(broken(), {})).rejects.toThrow(
      'cut off',
    );
    // The second has too few rows at the end only; what the first holds is freed (counted after each test).
    await expect(ensemble([nearestNeighbors({ k: 1 }), nearestNeighbors()]).fit(blocks, {})).rejects.toThrow(
      'at least k = 50 rows',
    );
  });

  test('what is refused', async () => {
    expect(() => ensemble([])).toThrow('ensemble: methods must be at least one method, got none');
    expect(() => ensemble([msp()], { calibrationShare: 1 })).toThrow(
      'calibrationShare must be a share between 0 and 1',
    );
    expect(() => ensemble([msp()], { combine: 'mean' as 'max' })).toThrow('combine must be one of fisher, max');
    const one = [{ features: rows(Float32Array.of(1, 2), 2), logits: rows(Float32Array.of(1, 2), 2) }];
    await expect(pair().fit(one, {})).rejects.toThrow(
      /at least one row to fit and one to calibrate with .*, got [01] and/,
    );
    const uneven = [{ features, logits: rows(drawn(10, 1), 1) }];
    await expect(pair().fit(uneven, {})).rejects.toThrow('logits must be 200 rows, as the features, got 10');
    const wrong = [{ features, logits: rows(Float32Array.of(1, NaN), 1) }];
    await expect(pair().fit(wrong, {})).rejects.toThrow('NaN at row 1');

    const wide = rows(drawn(400, 2), 2);
    const scorer = await pair().fit([{ features, logits: wide }], {});
    await expect(scorer.score({ features, logits })).rejects.toThrow('logits must be [N, 2], got [N, 1]');
    const state = decodeScorer(encodeScorer(scorer.state()));
    expect(() => ensemble([msp()]).restore(state, {})).toThrow(
      'state.options.members must be 1, as the methods, got 2',
    );
    expect(() => ensemble([nearestNeighbors(), nearestNeighbors()]).restore(state, {})).toThrow('got "msp"');
    const lost = { ...state, options: { ...state.options, widths: { features: 1 } } };
    expect(() => pair().restore(lost, {})).toThrow('widths.logits');
    const options = state.options.members as { kind: string; options: object }[];
    const worse = [{ ...options[0]!, options: { ...options[0]!.options, k: 0 } }, options[1]!];
    expect(() => pair().restore({ ...state, options: { ...state.options, members: worse } as never }, {})).toThrow(
      'state.options.members[0].options.k',
    );
    scorer.dispose();
  });

  test('members that need images: as many as there are rows', async () => {
    const images = tf.ones<tf.Rank.R4>([3, 2, 2, 1]);
    const logitsOf = (x: tf.Tensor4D) => tf.reshape<tf.Rank.R2>(x, [x.shape[0], 4]);
    const method = ensemble([odin(), msp()]);
    expect(method.fitNeeds).toEqual(['logitsOf', 'images', 'logits']);
    const three = rows(drawn(12, 1), 4);
    const scorer = await method.fit(
      [
        { images, logits: three },
        { images, logits: three },
      ],
      { logitsOf },
    );
    expect(await scorer.score({ images, logits: three })).toHaveLength(3);
    await expect(scorer.score({ images, logits: rows(drawn(8, 1), 4) })).rejects.toThrow('images must be 2 rows');
    images.dispose();
    scorer.dispose();
  });
});
