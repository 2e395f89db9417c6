import { expect, test } from 'vitest';
import * as scorers from 'tfjs-ood/scorers';
import type { PartialFit, ScorerMethod, ScorerState } from 'tfjs-ood/scorers';
import { onEachBackend } from '../../on-each-backend';
import { blockOf, head, joinedOf, partOf, rowsOf, splitOf } from './parts';

const COUNT = 240;
const all = rowsOf(COUNT);
const whole = Array.from({ length: COUNT }, (_, row) => row);
const asked = rowsOf(60, { seed: 2 });

const METHODS: Record<string, () => ScorerMethod> = {
  mahalanobis: () => scorers.mahalanobis(),
  'mahalanobis, ledoit-wolf': () => scorers.mahalanobis({ covariance: 'ledoit-wolf' }),
  'mahalanobis, of length 1': () => scorers.mahalanobis({ normalize: 'length' }),
  relativeMahalanobis: () => scorers.relativeMahalanobis(),
  classGaussians: () => scorers.classGaussians(),
  nearestClassMean: () => scorers.nearestClassMean(),
  'nearestClassMean, cosine': () => scorers.nearestClassMean({ distance: 'cosine' }),
  nearestNeighbors: () => scorers.nearestNeighbors({ k: 3 }),
  'nearestNeighbors, of a sample': () => scorers.nearestNeighbors({ k: 3, bankSize: 40 }),
  nnGuide: () => scorers.nnGuide({ k: 3 }),
  'nnGuide, of a sample': () => scorers.nnGuide({ k: 3, bankSize: 40 }),
  klMatching: () => scorers.klMatching(),
  she: () => scorers.she(),
  fdbd: () => scorers.fdbd(),
  react: () => scorers.react(),
  residual: () => scorers.residual({ dimension: 2 }),
  vim: () => scorers.vim({ dimension: 2, sampleSize: 50 }),
  ash: () => scorers.ash(),
  scale: () => scorers.scale(),
  ensemble: () => scorers.ensemble([scorers.mahalanobis(), scorers.nnGuide({ k: 3 }), scorers.she(), scorers.energy()]),
  'ensemble of an ensemble': () =>
    scorers.ensemble([scorers.ensemble([scorers.vim({ dimension: 2 })]), scorers.nearestClassMean()], {
      combine: 'max',
    }),
  energy: () => scorers.energy(),
  msp: () => scorers.msp(),
  maxLogit: () => scorers.maxLogit(),
  entropy: () => scorers.entropy(),
  gen: () => scorers.gen(),
  jointEnergy: () => scorers.jointEnergy(),
};
const EXACT = /nearestNeighbors|nnGuide|nergy|msp|maxLogit|entropy|gen$|react|ash|scale/;

function expectSame(name: string, mine: ScorerState, theirs: ScorerState) {
  if (EXACT.test(name)) return expect(mine).toEqual(theirs);
  expect(mine.kind).toBe(theirs.kind);
  for (const [key, { data }] of Object.entries(theirs.tensors)) {
    const own = mine.tensors[key]!;
    expect(own.shape).toEqual(theirs.tensors[key]!.shape);
    const scale = Math.max(...Array.from(data, Math.abs));
    data.forEach((value, i) => expect(Math.abs(own.data[i]! - value), key).toBeLessThanOrEqual(1e-10 * scale));
  }
}

for (const [name, method] of Object.entries(METHODS)) {
  onEachBackend(`${name}, in parts`, () => {
    const scoresOf = (scorer: scorers.Scorer) => scorer.score(blockOf(asked, whole.slice(0, 60)).block);
    test.each([1, 3, 16])('%d shards in any order are the single fit', async (parts) => {
      const single = await method().fromPartial(await partOf(method(), all, whole, { size: COUNT }), { head });
      for (const seed of [1, 2]) {
        const made: PartialFit[] = [];
        for (const [i, rows] of splitOf(COUNT, parts, seed).entries())
          made.push(await partOf(method(), all, rows, { shard: i, size: 7 }));
        const joined = await joinedOf(method(), made, seed);
        expect([joined.count, joined.shards.size]).toEqual([COUNT, parts]);
        const scorer = await method().fromPartial(joined, { head });
        expectSame(name, scorer.state(), single.state());
        const [a, b] = [await scoresOf(scorer), await scoresOf(single)];
        if (EXACT.test(name)) expect(a).toEqual(b);
        a.forEach((score, i) => expect(Math.abs(score - b[i]!)).toBeLessThanOrEqual(2e-7 * Math.abs(b[i]!)));
        scorer.dispose();
      }
      single.dispose();
    });

    test('a fit without ids scores as parts with the ids 0, 1, 2, ...', async () => {
      const numbered = { ...all, ids: whole };
      const fitted = await method().fit([blockOf(all, whole).block], { head } as never);
      const single = await method().fromPartial(await partOf(method(), numbered, whole, { size: 40 }));
      const [a, b] = [await scoresOf(fitted), await scoresOf(single)];
      a.forEach((score, i) => expect(Math.abs(score - b[i]!)).toBeLessThanOrEqual(1e-6 * Math.abs(b[i]!)));
      fitted.dispose();
      single.dispose();
    });

    test('a fit with ids is that of parts', async () => {
      const { block, ids } = blockOf(all, whole);
      const fitted = await method().fit([{ ...block, ids }], { head } as never);
      const single = await method().fromPartial(await partOf(method(), all, whole, { size: COUNT }));
      expectSame(name, single.state(), fitted.state());
      fitted.dispose();
      single.dispose();
    });
  });
}
