import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import {
  decodeScorer,
  encodeScorer,
  ensemble,
  msp,
  nearestClassMean,
  nearestNeighbours,
  odin,
  type FitBlock,
  type ScorerMethod,
} from 'tfjs-ood/scorers';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { testScorer } from './test-scorer';

const pair = () => ensemble([nearestNeighbours({ k: 3 }), msp()]);
testScorer('ensemble, Fisher', () => ensemble([nearestNeighbours({ k: 3 }), nearestClassMean()]));
testScorer('ensemble, max', () => ensemble([nearestNeighbours({ k: 3 }), msp()], { combine: 'max' }));
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
  };
}

onEachBackend('ensemble', () => {
  const features = rows(drawn(200, 1), 1);
  const logits = rows(drawn(200, 2), 1);

  test('p-values against the rows that no member saw, combined by definition', async () => {
    for (const combine of ['fisher', 'max'] as const) {
      const seen: number[][] = [];
      const method = ensemble([first('features', seen), first('logits', seen)], { combine, share: 0.3, seed: 5 });
      const scorer = await method.fit([{ features, logits }], {});
      const held = [features, logits].map(({ data }, i) => [...data].filter((value) => !seen[i]!.includes(value)));
      expect(held[0]!.length).toBe(held[1]!.length);
      expect(Math.abs(held[0]!.length - 60)).toBeLessThan(25);
      const x = [rows(drawn(50, 3), 1), rows(drawn(50, 4), 1)] as const;
      x[0].data[7] = held[0]![3]!; // a tie counts
      const p = x.map(({ data }, i) =>
        [...data].map((s) => (1 + held[i]!.filter((c) => c >= s).length) / (held[i]!.length + 1)),
      );
      const expected = Array.from({ length: 50 }, (_, row) => {
        const [a, b] = [p[0]![row]!, p[1]![row]!];
        return combine === 'fisher' ? -2 * (Math.log(a) + Math.log(b)) : -Math.log(Math.min(a, b));
      });
      expectClose(await scorer.score({ features: x[0], logits: x[1] }), expected, { relative: 1e-6, absolute: 1e-7 });
      scorer.dispose();
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
    const members = [nearestNeighbours({ k: 1 }), failing as never, nearestNeighbours({ k: 2 })] as never;
    await expect(ensemble(members).fit(blocks as never, {} as never)).rejects.toThrow('no more of this');
    async function* broken() {
      yield blocks[0]!;
      await Promise.resolve();
      throw new Error('cut off');
    }
    await expect(ensemble([nearestNeighbours({ k: 1 }), nearestNeighbours()]).fit(broken(), {})).rejects.toThrow(
      'cut off',
    );
    // The second has too few rows at the end only; what the first holds is freed (counted after each test).
    await expect(ensemble([nearestNeighbours({ k: 1 }), nearestNeighbours()]).fit(blocks, {})).rejects.toThrow(
      'at least k = 50 rows',
    );
  });

  test('what is refused', async () => {
    expect(() => ensemble([])).toThrow('ensemble: methods must be at least one method, got none');
    expect(() => ensemble([msp()], { share: 1 })).toThrow('share must be a share between 0 and 1');
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
    expect(() => ensemble([nearestNeighbours(), nearestNeighbours()]).restore(state, {})).toThrow("got 'msp'");
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
