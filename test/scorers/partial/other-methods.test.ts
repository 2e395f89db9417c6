import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers'; // gradients
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { ArgumentError, ShapeError } from 'tfjs-ood';
import { scorerMethods } from 'tfjs-ood/detector';
import * as scorers from 'tfjs-ood/scorers';
import type { ScorerMethod, StateArrays } from 'tfjs-ood/scorers';
import { blockOf, CLASSES, head, partOf, rowsOf } from './parts';

beforeAll(() => tf.setBackend('cpu'));
const all = rowsOf(80);
const rows = Array.from({ length: 80 }, (_, row) => row);
const logitsOf = (x: tf.Tensor4D) => tf.reshape<tf.Rank.R2>(x, [x.shape[0], -1]);
const parts = { head, logitsOf };

/** The same rows with images whose pixels are the logits. */
async function add(partial: scorers.PartialFit, own: readonly number[]) {
  const { block, ids } = blockOf(all, own);
  const { data } = (block as unknown as Record<'logits', { data: Float32Array }>).logits;
  const images = tf.tensor4d(data, [own.length, 1, 1, CLASSES]);
  await partial.add({ ...block, images }, { ids });
  images.dispose();
}

describe('images', () => {
  const method = () => scorers.ensemble([scorers.odin(), scorers.nearestClassMean()]) as ScorerMethod;
  test('are held out of an ensemble, and are in its bytes', async () => {
    const before = tf.memory().numTensors;
    const [single, one, two] = [
      await method().partial(parts),
      await method().partial(parts),
      await method().partial(parts),
    ];
    await add(single, rows);
    await add(one, rows.slice(50));
    await add(two, rows.slice(0, 50));
    await one.merge(two.toBytes());
    expect(tf.memory().numTensors).toBe(before);
    const [a, b] = [await method().fromPartial(one, parts), await method().fromPartial(single)];
    const image = tf.tensor4d([3, 1, 0], [1, 1, 1, CLASSES]);
    const batch = { ...blockOf(all, [0]).block, images: image } as never;
    expect((await a.score(batch))[0]).toBeCloseTo((await b.score(batch))[0]!, 5);
    expect(a.state().tensors.calibration).toEqual(b.state().tensors.calibration);
    const wide = await method().partial(parts);
    const { block, ids } = blockOf(all, [1, 2]);
    const other = tf.zeros<tf.Rank.R4>([2, 1, 1, CLASSES + 1]);
    await wide.add({ ...block, images: other }, { ids });
    tf.dispose([image, other]);
    a.dispose();
    b.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('of ODIN alone fit nothing: a part of it is empty', async () => {
    const partial = await scorers.odin({ epsilon: 0 }).partial({ logitsOf });
    const scorer = await scorers.odin({ epsilon: 0 }).fromPartial(partial.toBytes(), { logitsOf });
    const images = tf.tensor4d([3, 1, 0], [1, 1, 1, CLASSES]);
    const single = await scorers.odin({ epsilon: 0 }).fit([], { logitsOf });
    expect(await scorer.score({ images })).toEqual(await single.score({ images }));
    images.dispose();
    await expect(scorers.odin().partial()).rejects.toThrow('logitsOf must be a differentiable function');
  });
});

test('every method has parts', async () => {
  for (const [kind, method] of Object.entries(scorerMethods)) {
    const own =
      kind === 'vim'
        ? scorers.vim({ dimension: 2 })
        : kind === 'nearest-neighbors'
          ? scorers.nearestNeighbors({ k: 3 })
          : method();
    const partial = await own.partial(parts);
    expect(partial.kind).toBe(kind);
    await add(partial, rows);
    expect([partial.count, partial.heldOut]).toEqual([80, 0]);
    const scorer = await own.fromPartial(partial.toBytes(), parts);
    expect(scorer.kind).toBe(kind);
    scorer.dispose();
  }
});

test('an empty part, and no part', async () => {
  const empty = await scorers.mahalanobis().partial();
  expect(empty.count).toBe(0);
  await expect(scorers.mahalanobis().fromPartial(empty)).rejects.toThrow(
    'partials must be at least one row, got no row',
  );
  await expect(scorers.mahalanobis().fromPartial([])).rejects.toThrow('partials must be one at least, got none');
  const part = await partOf(scorers.mahalanobis(), all, rows.slice(0, 30));
  const merged = await scorers.mahalanobis().partialFrom(empty.toBytes());
  await merged.merge(part);
  await merged.merge(empty);
  expect(merged.toBytes()).toEqual(part.toBytes());
  await expect(merged.merge(merged)).rejects.toThrow('other must be another one, got itself');
  for (const wrong of [5, null, {}, 'x']) await expect(merged.merge(wrong as never)).rejects.toThrow(ArgumentError);
});

test('blocks that are not awaited come one after the other; bytes wait for them', async () => {
  const method = scorers.nearestNeighbors({ k: 2 });
  const partial = await method.partial();
  const blocks = [blockOf(all, rows.slice(0, 20)), blockOf(all, rows.slice(20, 40))];
  const adding = blocks.map(({ block, ids }) => partial.add(block, { ids, shard: 'a' }));
  expect(() => partial.toBytes()).toThrow('partial must be one whose blocks were all awaited');
  await Promise.all(adding);
  expect(partial.shards.get('a')).toBe(40);
  expect(partial.toBytes()).toEqual((await partOf(method, all, rows.slice(0, 40), { shard: 'a', size: 40 })).toBytes());
});

test('ids are asked for where rows are kept, or calibrate', async () => {
  const { block } = blockOf(all, rows);
  for (const method of [
    scorers.nearestNeighbors(),
    scorers.nnGuide(),
    scorers.vim(),
    scorers.ensemble([scorers.msp()]),
  ]) {
    const partial = await (method as ScorerMethod).partial(parts);
    await expect(partial.add(block), method.kind).rejects.toThrow(
      `'${method.kind}' keeps or chooses rows by a hash of them`,
    );
  }
  const held = await scorers.mahalanobis().partial({ calibrationShare: 0.5 });
  await expect(held.add(block as never)).rejects.toThrow('a hash of them says which rows calibrate');
  const partial = await scorers.mahalanobis().partial();
  await partial.add(block);
  expect(partial.count).toBe(80);
});

test('ids of a fit: those of every block, or of none', async () => {
  const [one, two] = [blockOf(all, rows.slice(0, 40)), blockOf(all, rows.slice(40))];
  const fit = (...blocks: object[]) => scorers.nearestNeighbors({ k: 2 }).fit(blocks as never, {});
  await expect(fit({ ...one.block, ids: one.ids }, two.block)).rejects.toThrow(
    'ids must be there for each block, or for none',
  );
  await expect(fit({ ...one.block, ids: one.ids }, { ...two.block, ids: one.ids })).rejects.toThrow(
    '3 again at index 0',
  );
  await expect(fit({ ...one.block, ids: [1] })).rejects.toThrow(ShapeError);
});

test('other heads, other held-out rows', async () => {
  const other = { ...head, bias: Float32Array.of(0, 0, 0) };
  const [one, two] = [await scorers.react().partial({ head }), await scorers.react().partial({ head: other })];
  await expect(one.merge(two)).rejects.toThrow('other must be one with head');
  await expect(scorers.react().fromPartial(one, { head: other })).rejects.toThrow('partials must be one with head');
  const [held, more] = [
    await scorers.mahalanobis().partial({ calibrationShare: 0.2 }),
    await scorers.mahalanobis().partial({ calibrationShare: 0.3 }),
  ];
  await expect(held.merge(more.toBytes())).rejects.toThrow('other must be one with calibrationShare 0.2, got 0.3');
});

describe('a declared scorer', () => {
  const declaration = {
    needs: ['features'],
    fitNeeds: ['features'],
    options: {},
    fitted: { sum: { dtype: 'F64', shape: ['D'] } },
    score: () => ({ scoresOf: ({ count }: { count: number }) => new Float64Array(count) }),
  } as const;

  test('with `fit` alone has no parts, and says what to do', async () => {
    const method = scorers.defineScorer('mine', undefined, {
      ...declaration,
      fit: () => ({ sum: Float64Array.of(1) }),
    });
    await expect(method.partial()).rejects.toThrow('mine.partial: method must be one that is declared with `gather`');
  });

  test('with `gather` has them', async () => {
    const method = scorers.defineScorer('mine', undefined, {
      ...declaration,
      gather() {
        let sum = new Float64Array();
        const add = (more: Float64Array) => {
          if (sum.length === 0) sum = new Float64Array(more.length);
          sum = sum.map((value, i) => value + more[i]!);
        };
        return {
          add({ features: { data, shape } }) {
            for (let at = 0; at < data.length; at += shape[1]) add(Float64Array.from(data.subarray(at, at + shape[1])));
          },
          merge: ({ sum: other }: StateArrays) => add(other!.data as Float64Array),
          state: () => ({ sum: { dtype: 'F64', shape: [sum.length], data: sum } as const }),
          finish: () => ({ sum }),
        };
      },
    });
    const [one, two] = [await partOf(method, all, rows.slice(0, 30)), await partOf(method, all, rows.slice(30))];
    const scorer = await method.fromPartial([one, two.toBytes()]);
    const fitted = await method.fit([blockOf(all, rows).block] as never, {});
    const sums = [scorer, fitted].map((own) => own.state().tensors.sum!.data as Float64Array);
    sums[0]!.forEach((value, i) => expect(value / sums[1]![i]!).toBeCloseTo(1, 12));
  });
});
