import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { NotFiniteError } from 'tfjs-ood';
import { ensemble, mahalanobis, nearestClassMean, nearestNeighbors, partialCalibration, vim } from 'tfjs-ood/scorers';
import type { PartialFit, ScorerMethod } from 'tfjs-ood/scorers';
import { idHash, STREAMS } from '../../../src/scorers/partial/id-hash';
import { blockOf, head, partOf, rowsOf, SIZE } from './parts';

beforeAll(() => tf.setBackend('cpu'));
const all = rowsOf(40);
const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

test('an id of a part that was merged is said with the shard and row that it had there', async () => {
  const parts = await Promise.all(
    [0, 1, 2].map((i) => partOf(mahalanobis(), all, rows(10 * i, 10 * i + 10), { shard: `s${i}` })),
  );
  const [first, ...others] = parts as [PartialFit, ...PartialFit[]];
  for (const other of others) await first.merge(other.toBytes());
  const { block } = blockOf(all, rows(30, 32));
  for (const [row, place] of [
    [27, 'shard s2, row 7'],
    [13, 'shard s1, row 3'],
    [4, 'shard s0, row 4'],
  ] as const) {
    const added = first.add(block, { ids: [99, all.ids[row]!], shard: 'new' });
    await expect(added).rejects.toThrow(`got ${String(all.ids[row])} again at shard new, row 1, which is ${place} too`);
  }
  const unnamed = await partOf(mahalanobis(), all, rows(30, 35));
  await first.merge(unnamed);
  await expect(first.add(block, { ids: [99, all.ids[31]!] })).rejects.toThrow(/again at row 6, which is row 1 too/);
});

/** More rows than ids are remembered of; one of them whose id is not among those. */
const COUNT = 1500;
const many = rowsOf(COUNT, { seed: 5 });
const order = (id: number) => idHash(1, STREAMS.seen)(id);
const hashes = many.ids.map((id) => order(id as number)).sort((a, b) => a - b);
const forgotten = many.ids.findIndex((id) => order(id as number) > hashes[1200]!);

const BY_ID: [string, () => ScorerMethod][] = [
  ['nearestNeighbors', () => nearestNeighbors({ k: 2 })],
  ['vim', () => vim({ dimension: 2 })],
];
test.each(BY_ID)(
  '%s: where all rows are kept, each is known, and nothing is added of a block with it',
  async (_, method) => {
    const partial = await partOf(method(), many, rows(0, COUNT), { size: 500, shard: 'a' });
    const before = partial.toBytes();
    const { block } = blockOf(all, rows(0, 3));
    const added = partial.add(block, { ids: [-1, -2, many.ids[forgotten]!], shard: 'b' });
    await expect(added).rejects.toThrow(`got ${String(many.ids[forgotten])} again at shard b, row 2`);
    expect(Buffer.compare(partial.toBytes(), before)).toBe(0);
    const other = await method().partial({ head });
    await other.add(block, { ids: [-1, -2, many.ids[forgotten]!], shard: 'b' });
    await expect(partial.merge(other)).rejects.toThrow(
      `other must be of other rows, got id ${String(many.ids[forgotten])} in both`,
    );
    expect(Buffer.compare(partial.toBytes(), before)).toBe(0);
  },
);

test('an ensemble whose member knows an id takes nothing of the block, in any member', async () => {
  const method = () =>
    ensemble([nearestClassMean(), nearestNeighbors({ k: 2 })], { calibrationShare: 0.1 }) as ScorerMethod;
  const isHeld = (id: number) => idHash(1, STREAMS.ensemble)(id) < 0.1 * 2 ** 53;
  const at = many.ids.findIndex((id) => order(id as number) > hashes[1400]! && !isHeld(id as number));
  const partial = await partOf(method(), many, rows(0, COUNT), { size: 500 });
  const before = partial.toBytes();
  const outs = Array.from({ length: 400 }, (_, i) => 1_000_000 + i).filter(isHeld);
  const held = blockOf(all, rows(0, 4)).block;
  // Two that are held out before it: the row is that of the block
  const added = partial.add(held, { ids: [outs[0]!, -5, outs[1]!, many.ids[at]!], shard: 'x' });
  await expect(added).rejects.toThrow(`got ${String(many.ids[at])} again at shard x, row 3`);
  expect(Buffer.compare(partial.toBytes(), before)).toBe(0);
  const nested = () => ensemble([method(), nearestClassMean()]) as ScorerMethod;
  const level = (id: number) => idHash(1, STREAMS.ensemble + 1)(id) < 0.2 * 2 ** 53;
  const inner = many.ids.findIndex(
    (id) => order(id as number) > hashes[1400]! && !isHeld(id as number) && !level(id as number),
  );
  const outer = await partOf(nested(), many, rows(0, COUNT), { size: 500 });
  const whole = outer.toBytes();
  await expect(outer.add(held, { ids: [-7, -6, -5, many.ids[inner]!], shard: 'x' })).rejects.toThrow(
    'at shard x, row 3',
  );
  expect(Buffer.compare(outer.toBytes(), whole)).toBe(0);
  const { block } = blockOf(all, rows(0, 2));
  expect(Buffer.compare(partial.toBytes(), before)).toBe(0);
  const other = await method().partial();
  await other.add(block, { ids: [-5, many.ids[at]!] });
  await expect(partial.merge(other)).rejects.toThrow('in both');
  expect(Buffer.compare(partial.toBytes(), before)).toBe(0);
});

test('a score that is none is named by shard and row, of those that calibrate', async () => {
  const scorer = await mahalanobis().fromPartial(await partOf(mahalanobis(), all, rows(0, 30)));
  for (const blockSize of [1, 4]) {
    const part = partialCalibration(scorer, { share: 0.6, blockSize });
    const { block, ids } = blockOf(all, rows(30, 40));
    await part.add(block, { ids, shard: 'x' });
    const kept = part.toBytes();
    const next = blockOf(all, rows(0, 20));
    const calibrates = idHash(1, STREAMS.calibration);
    const row = next.ids.findIndex((id, i) => i > 5 && calibrates(id) < 0.6 * 2 ** 53);
    (next.block.features as unknown as { data: Float32Array }).data[row * SIZE] = 3e38;
    const added = part.add(next.block, { ids: next.ids, shard: 'x' });
    await expect(added).rejects.toThrow(NotFiniteError);
    await expect(added).rejects.toThrow(`at shard x, row ${10 + row}`);
    expect(Buffer.compare(part.toBytes(), kept)).toBe(0);
  }
});
