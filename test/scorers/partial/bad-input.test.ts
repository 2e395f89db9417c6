import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { ArgumentError, FormatError, NotFiniteError, ShapeError } from 'tfjs-ood';
import { fdbd, mahalanobis, nearestNeighbors, partialCalibration, type FitBlock } from 'tfjs-ood/scorers';
import { blockOf, partOf, rowsOf, SIZE } from './parts';

await tf.setBackend('cpu');
const all = rowsOf(60);
const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const mine = () => partOf(mahalanobis(), all, rows(0, 20), { shard: 1 });

test('a NaN in row 7 of shard 3, in its second block', async () => {
  const partial = await partOf(mahalanobis(), all, rows(0, 5), { shard: 3 });
  const before = partial.toBytes();
  const { block, ids } = blockOf(all, rows(5, 20));
  (block.features as unknown as { data: Float32Array }).data[2 * SIZE + 1] = NaN;
  const added = partial.add(block, { ids, shard: 3 });
  await expect(added).rejects.toThrow(NotFiniteError);
  await expect(added).rejects.toThrow('got NaN at shard 3, row 7, column 1');
  expect(partial.toBytes()).toEqual(before);
});

test('another width, in the block from its row on; a label that is none, by its row', async () => {
  const partial = await mine();
  const wide = { features: { data: new Float32Array(14), shape: [2, 7] }, labels: [0, 1] } as unknown as FitBlock;
  const added = partial.add(wide, { ids: [1, 2], shard: 1 });
  await expect(added).rejects.toThrow(ShapeError);
  await expect(added).rejects.toThrow('features must be [N, 6], got [N, 7] in the block from shard 1, row 20 on');
  const { block, ids } = blockOf(all, rows(20, 30));
  const odd = partial.add({ ...block, labels: [0, 0, -1, 0, 0, 0, 0, 0, 0, 0] }, { ids, shard: 'x' });
  await expect(odd).rejects.toThrow('got -1 at shard x, row 2');
});

test('an id twice: in a block, of an earlier one, in two parts', async () => {
  const partial = await mine();
  const { block, ids } = blockOf(all, rows(20, 22));
  const twice = partial.add(block, { ids: ['a', 'a'], shard: 2 });
  await expect(twice).rejects.toThrow('ids must be another for each row, got "a" again at shard 2, row 1');
  const again = partial.add(block, { ids: [ids[0]!, all.ids[4]!], shard: 2 });
  await expect(again).rejects.toThrow(ArgumentError);
  await expect(again).rejects.toThrow('got 31 again at shard 2, row 1, which is shard 1, row 4 too');
  const other = await partOf(mahalanobis(), all, rows(19, 40), { shard: 2 });
  for (const one of [other, other.toBytes()]) {
    await expect(partial.merge(one)).rejects.toThrow('id 136 of shard 2, row 0, which is shard 1, row 19 too');
  }
  expect(partial.count).toBe(20);
});

test('a shard twice', async () => {
  const [partial, other] = [await mine(), await partOf(mahalanobis(), all, rows(30, 40), { shard: 1 })];
  await expect(partial.merge(other)).rejects.toThrow('other must be of other shards, got shard 1 in both');
  await expect(mahalanobis().fromPartial([partial.toBytes(), other.toBytes()])).rejects.toThrow(
    'mahalanobis.fromPartial: partials[1] must be of other shards, got shard 1 in both',
  );
});

test('a truncated shard is a FormatError that names it', async () => {
  const bytes = (await mine()).toBytes();
  for (const length of [0, 7, 100, bytes.length - 1]) {
    const cut = bytes.slice(0, length);
    await expect(mahalanobis().fromPartial([bytes, cut])).rejects.toThrow(FormatError);
    await expect(mahalanobis().fromPartial([bytes, cut])).rejects.toThrow('partials[1]');
    await expect(mahalanobis().partialFrom(cut, { name: 'part-3' })).rejects.toThrow('part-3');
    await expect((await mine()).merge(cut, { name: 'part-3' })).rejects.toThrow('part-3');
  }
});

test('other options, another method, another width', async () => {
  const partial = await mine();
  const oas = await partOf(mahalanobis({ covariance: 'empirical' }), all, rows(20, 40));
  await expect(partial.merge(oas)).rejects.toThrow('other must be one with options.covariance "oas", got "empirical"');
  await expect(partial.merge(await partOf(nearestNeighbors(), all, rows(20, 40)))).rejects.toThrow(
    "other must be a partial fit of 'mahalanobis', got 'nearest-neighbors'",
  );
  const narrow = await mahalanobis().partial();
  const block = { features: { data: new Float32Array(15), shape: [5, 3] as const }, labels: [0, 0, 1, 1, 1] };
  await narrow.add(block, {});
  await expect(partial.merge(narrow)).rejects.toThrow(ShapeError);
  const neighbors = await nearestNeighbors({ k: 2 }).partial();
  await expect(neighbors.add(block, { shard: 4 })).rejects.toThrow('ids must be those of the rows');
});

test('two calibrations of different scorers', async () => {
  const scorer = await mahalanobis().fromPartial(await mine());
  const other = await mahalanobis().fromPartial(await partOf(mahalanobis(), all, rows(20, 40)));
  const [one, two] = [partialCalibration(scorer, { share: 1 }), partialCalibration(other, { share: 1 })];
  const [left, right] = [blockOf(all, rows(40, 45)), blockOf(all, rows(45, 50))];
  await one.add(left.block, { ids: left.ids, shard: 'a' });
  await two.add(right.block, { ids: right.ids, shard: 'b' });
  for (const given of [two, two.toBytes()]) await expect(one.merge(given)).rejects.toThrow(/other must be .*scorer/);
});

test('a head that is missing, by the call that misses it', async () => {
  const method = fdbd();
  const bytes = (await partOf(method, all, rows(0, 20), { shard: 1 })).toBytes();
  await expect(method.partial({})).rejects.toThrow('fdbd.partial: head must be');
  await expect(method.partialFrom(bytes, {})).rejects.toThrow('fdbd.partialFrom: head must be');
  await expect(method.fromPartial(bytes, {})).rejects.toThrow('fdbd.fromPartial: head must be');
});
