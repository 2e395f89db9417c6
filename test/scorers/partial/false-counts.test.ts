import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import {
  ArgumentError,
  decodeSafetensors,
  encodeSafetensors,
  FormatError,
  seededRandom,
  type NamedArray,
} from 'tfjs-ood';
import * as scorers from 'tfjs-ood/scorers';
import type { ScorerMethod } from 'tfjs-ood/scorers';
import { blockOf, head, partOf, rowsOf, SIZE } from './parts';

await tf.setBackend('cpu');
const all = rowsOf(40);
const rows = Array.from({ length: 40 }, (_, row) => row);

const METHODS: Record<string, () => ScorerMethod> = {
  mahalanobis: () => scorers.mahalanobis(),
  'mahalanobis, ledoit-wolf': () => scorers.mahalanobis({ covariance: 'ledoit-wolf' }),
  relativeMahalanobis: () => scorers.relativeMahalanobis(),
  classGaussians: () => scorers.classGaussians(),
  nearestClassMean: () => scorers.nearestClassMean(),
  nearestNeighbors: () => scorers.nearestNeighbors({ k: 3 }),
  nnGuide: () => scorers.nnGuide({ k: 3 }),
  klMatching: () => scorers.klMatching(),
  she: () => scorers.she(),
  fdbd: () => scorers.fdbd(),
  react: () => scorers.react(),
  residual: () => scorers.residual({ dimension: 2 }),
  vim: () => scorers.vim({ dimension: 2, sampleSize: 5 }),
};

describe('a part that says another number of rows than it holds is a FormatError', () => {
  test.each(Object.entries(METHODS))('%s', async (_, method) => {
    const { tensors, metadata } = decodeSafetensors((await partOf(method(), all, rows, { shard: 'one' })).toBytes());
    const about = JSON.parse(metadata.about!) as { count: number; shards: { named: [string, number][] } };
    for (const more of [-7, 7]) {
      const said = { ...about, count: 40 + more, shards: { named: [['one', 40 + more]], unnamed: 0 } };
      const bytes = encodeSafetensors(tensors, { ...metadata, about: JSON.stringify(said) });
      const read = method().partialFrom(bytes, { head, name: 'p.bin' });
      await expect(read).rejects.toThrow(FormatError);
      await expect(read).rejects.toThrow(/p\.bin/);
    }
  });
});

test('members of an ensemble that hold unequal numbers of rows are a FormatError', async () => {
  const method = scorers.ensemble([scorers.nearestClassMean(), scorers.nearestNeighbors({ k: 2 })]);
  const { tensors, metadata } = decodeSafetensors((await partOf(method, all, rows)).toBytes());
  const fewer = decodeSafetensors((await partOf(method, all, rows.slice(0, 30))).toBytes()).tensors;
  const bytes = encodeSafetensors({ ...tensors, 'sums.member1': fewer['sums.member1']! }, metadata);
  const read = method.partialFrom(bytes);
  await expect(read).rejects.toThrow(FormatError);
  await expect(read).rejects.toThrow(/state\.member1 of bytes must be of 3\d rows, got 2\d/);
});

describe('a sum of squares below 0 is a FormatError', () => {
  test.each([
    ['mahalanobis', 'sums.scatter'],
    ['mahalanobis, ledoit-wolf', 'sums.scatter'],
    ['classGaussians', 'sums.scatter'],
    ['residual', 'sums.products'],
  ])('%s', async (name, array) => {
    const method = METHODS[name]!();
    const { tensors, metadata } = decodeSafetensors((await partOf(method, all, rows)).toBytes());
    const { data } = tensors[array]!;
    for (const at of [0, 7, data.length - 1]) {
      const damaged = { ...tensors[array]!, data: data.map((value, i) => (i === at ? -value : value)) };
      const bytes = encodeSafetensors({ ...tensors, [array]: damaged } as typeof tensors, metadata);
      await expect(method.partialFrom(bytes, { head })).rejects.toThrow(FormatError);
    }
    const rounded = { ...tensors[array]!, data: data.map((value, i) => (i === 0 ? -1e-9 : value)) };
    const bytes = encodeSafetensors({ ...tensors, [array]: rounded as NamedArray }, metadata);
    await expect(method.partialFrom(bytes, { head })).resolves.toBeDefined(); // less than rounding may leave of 0
  });
});

describe('rows without any spread are no damage', () => {
  test.each(['mahalanobis', 'mahalanobis, ledoit-wolf', 'classGaussians', 'residual'])('%s', async (name) => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const random = seededRandom(seed);
      const own = Array.from({ length: 3 * SIZE }, () => random.normal() * 10 ** (4 * random.uniform() - 2));
      const part = async (count: number) => {
        const labels = Int32Array.from({ length: count }, () => random.integer(3));
        const data = Float32Array.from({ length: count * SIZE }, (_, i) => {
          const [row, column] = [Math.floor(i / SIZE), i % SIZE];
          return own[(column < 4 ? 0 : labels[row]!) * SIZE + column]!; // of all rows the same, or of a class
        });
        const partial = await METHODS[name]!().partial({ head });
        await partial.add({ features: { data, shape: [count, SIZE] }, labels } as never);
        return partial;
      };
      const all = await part(300);
      for (let round = 0; round < 20; round++) await all.merge((await part(1 + random.integer(300))).toBytes());
      await expect(METHODS[name]!().partialFrom(all.toBytes(), { head })).resolves.toBeDefined();
    }
  });
});

test('a part that stands twice in a list is counted by mistake', async () => {
  const method = scorers.mahalanobis();
  const partial = await method.partial();
  await partial.add(blockOf(all, rows).block); // without ids or shard: nothing in it says so
  const bytes = partial.toBytes();
  for (const list of [
    [partial, partial],
    [bytes, partial, bytes],
  ]) {
    const fit = method.fromPartial(list);
    await expect(fit).rejects.toThrow(ArgumentError);
    await expect(fit).rejects.toThrow(
      /partials must be other parts, none twice, got partials\[0\] again as partials\[/,
    );
  }
});

test('options that are lists or objects decide too', async () => {
  const method = (weights: object) =>
    scorers.defineScorer(
      'weighed',
      { weights },
      {
        needs: ['features'],
        fitNeeds: ['features'],
        options: { weights: [{ expected: 'weights', holds: () => true }, weights] } as never,
        fitted: { mean: { dtype: 'F64', shape: ['D'] } },
        gather: () =>
          ({ add: () => undefined, merge: () => undefined, state: () => ({}), finish: () => ({}) }) as never,
        score: () => ({ scoresOf: () => Promise.resolve(new Float32Array(1)) }),
      },
    );
  for (const [one, other] of [
    [
      [1, 2],
      [1, 3],
    ],
    [{ a: 1 }, { a: 2 }],
    [Float32Array.of(1, 2), Float32Array.of(1, 3)],
  ] as const) {
    const half = rows.slice(0, 20);
    const partial = await partOf(method(one), all, half);
    await expect(partial.merge(await partOf(method(other), all, rows.slice(20)))).rejects.toThrow(
      /other must be one with options\.weights/,
    );
    await partial.merge(await partOf(method(one), all, rows.slice(20)));
    expect(partial.count).toBe(40);
  }
});
