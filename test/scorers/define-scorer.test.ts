import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { ArgumentError, FormatError, NotFiniteError, ShapeError } from 'tfjs-ood';
import { decodeScorer, defineScorer, encodeScorer, type Wrong } from 'tfjs-ood/scorers';

interface Options {
  power?: number;
  from?: 'all' | 'none';
}

/** Of each class the mean; s(x) = how far the first feature is from the nearest one, to a power. */
function farFromMeans(options?: Options, disposed: string[] = []) {
  return defineScorer('farFromMeans', options, {
    needs: ['features', 'logits'],
    fitNeeds: ['features', 'logits', 'labels'],
    options: {
      power: [{ expected: '1 or 2', holds: (power) => power === 1 || power === 2 }, 1],
      from: [{ expected: 'all or none', holds: (word: unknown) => word === 'all' || word === 'none' }, 'all'],
    },
    saved: ['power'],
    fitted: {
      means: { dtype: 'F64', shape: ['D'] },
      counts: { dtype: 'I32', shape: ['C'] },
      total: [{ expected: 'a number above 0', holds: (total) => total > 0 }],
    },
    async fit(blocks, _, { from }) {
      let [means, counts, total] = [new Float64Array(), new Int32Array(), 0];
      for await (const { count, features, logits, labels } of blocks) {
        if (total === 0) [means, counts] = [new Float64Array(features.shape[1]), new Int32Array(logits.shape[1])];
        if (from === 'all') features.data.forEach((value, i) => (means[i % means.length]! += value));
        labels.forEach((label) => counts[label]!++);
        total += count;
      }
      return { means: means.map((sum) => sum / total), counts, total };
    },
    check({ counts, total }): Wrong | undefined {
      const sum = counts.reduce((a, b) => a + b, 0);
      return sum === total ? undefined : { what: 'tensors.counts', expected: `${total} in all`, received: sum };
    },
    score: (fitted, { options: { power }, sides, check }) => ({
      scoresOf({ features }) {
        check();
        return Float64Array.from(
          { length: features.shape[0] },
          (_, row) => Math.abs(features.data[row * sides.D!]! - fitted.means[0]!) ** power,
        );
      },
      largestScore: 0.1,
      takeIn: ({ shape }, labels) => ({
        ...fitted,
        counts: fitted.counts.map((count, c) => count + labels.filter((label) => label === c).length),
        total: fitted.total + shape[0],
      }),
      dispose: () => disposed.push('rows'),
      more: { total: () => fitted.total },
    }),
  });
}

const rows = (width: number, ...data: number[]) => ({
  data: Float32Array.from(data),
  shape: [data.length / width, width] as const,
});
const block = { features: rows(2, 1, 5, 3, 5), logits: rows(3, 0, 1, 2, 2, 1, 0), labels: [2, 0] };
const fitted = (options?: Options, disposed?: string[]) => farFromMeans(options, disposed).fit([block], {});
const strange = { features: rows(2, 5, 0, 2, 0), logits: rows(3, 0, 0, 0, 0, 0, 0) };

test('fits, scores, and says what it is and needs', async () => {
  const method = farFromMeans();
  const seen: number[] = [];
  const scorer = await method.fit([block, block], { onProgress: (count) => seen.push(count) });
  expect(seen).toEqual([2, 4]);
  for (const one of [method, scorer]) expect(one.kind).toBe('far-from-means');
  expect([scorer.needs, method.fitNeeds]).toEqual([
    ['features', 'logits'],
    ['features', 'logits', 'labels'],
  ]);
  expect(await scorer.score(strange)).toEqual(Float32Array.of(3, 0)); // the mean is 2
  expect(await scorer.score({ features: rows(2), logits: rows(3) })).toEqual(new Float32Array());
  expect(scorer.total()).toBe(4);
  expect(scorer.largestScore).toBe(Math.fround(0.1));
  expect(await (await fitted({ power: 2 })).score(strange)).toEqual(Float32Array.of(9, 0));
  expect(await (await fitted({ from: 'none' })).score(strange)).toEqual(Float32Array.of(5, 2));
});

test('options by their rules, and none that there is not', () => {
  expect(() => farFromMeans({ power: 3 })).toThrow('farFromMeans: power must be 1 or 2, got 3');
  expect(() => farFromMeans({ pwoer: 2 } as Options)).toThrow('options must be without pwoer (power?), got { pwoer }');
});

test('its state is all that was declared, and makes it again, with its own options', async () => {
  const scorer = await fitted({ power: 2, from: 'none' });
  const state = scorer.state();
  expect(state).toEqual({
    kind: 'far-from-means',
    options: { power: 2, total: 2 },
    tensors: {
      means: { dtype: 'F64', shape: [2], data: Float64Array.of(0, 0) },
      counts: { dtype: 'I32', shape: [3], data: Int32Array.of(1, 0, 1) },
    },
  });
  const again = farFromMeans().restore(decodeScorer(encodeScorer(state)), {});
  expect(again.state()).toEqual(state);
  expect(await again.score(strange)).toEqual(await scorer.score(strange));
  const counts = Int32Array.of(1, 1);
  expect(await farFromMeans().of({ means: Float64Array.of(2, 5), counts, total: 2 }).score({
    features: strange.features,
    logits: rows(2, 0, 0, 0, 0),
  })).toEqual(Float32Array.of(3, 0)); // prettier-ignore
});

test('a damaged state is refused by what is wrong in it', async () => {
  const { kind, options, tensors } = (await fitted()).state();
  const { means, counts } = tensors;
  const i32 = (...data: number[]) => ({ dtype: 'I32', shape: [data.length], data: Int32Array.from(data) }) as const;
  const wrong: [state: object, message: string][] = [
    [{ kind: 'far', options, tensors }, "state.kind must be far-from-means, got \"far\""], // prettier-ignore
    [{ kind, options, tensors, more: 1 }, 'state.more must be left out'],
    [{ kind, options: { total: 2 }, tensors }, 'state.options.power must be 1 or 2, got nothing'],
    [{ kind, options: { ...options, total: 0 }, tensors }, 'state.options.total must be a number above 0, got 0'],
    [{ kind, options: { ...options, from: 'all' }, tensors }, 'state.options.from must be left out'],
    [{ kind, options, tensors: { means } }, 'state.tensors.counts must be I32 [C], got none'],
    [{ kind, options, tensors: { ...tensors, stray: means } }, 'state.tensors must be without stray'],
    [{ kind, options, tensors: { means, counts: i32(1, 2) } }, 'state.tensors.counts must be 2 in all, got 3'],
    [{ kind, options, tensors: { means: counts, counts } }, 'state.tensors.means must be F64 [D], got I32 [3]'],
  ];
  for (const [state, message] of wrong) {
    expect(() => farFromMeans().restore(state as never, {}), message).toThrow(FormatError);
    expect(() => farFromMeans().restore(state as never, {})).toThrow(`farFromMeans.restore: ${message}`);
  }
});

test('D and C are the widths of what it scores, labels are of the rows', async () => {
  const scorer = await fitted();
  await expect(scorer.score({ ...strange, features: rows(1, 5, 2) })).rejects.toThrow(
    'farFromMeans: features must be [N, 2], got [N, 1]',
  );
  await expect(scorer.score({ ...strange, logits: rows(2, 0, 0, 0, 0) })).rejects.toThrow(ShapeError);
  await expect(scorer.score({ ...strange, logits: rows(3, 0, 0, 0) })).rejects.toThrow('logits must be 2 rows');
  const other = { ...block, features: rows(1, 1, 2) };
  await expect(farFromMeans().fit([block, other], {})).rejects.toThrow('features must be [N, 2], got [N, 1]');
  await expect(farFromMeans().fit([{ ...block, labels: [0] }], {})).rejects.toThrow(ShapeError);
  await expect(farFromMeans().fit([{ ...block, labels: [0, -1] }], {})).rejects.toThrow('-1 at index 1');
  await expect(farFromMeans().fit([], {})).rejects.toThrow('blocks must be at least one row, got no row');
});

test('what is not finite is named by its row, on the way in and out', async () => {
  const scorer = await fitted({ power: 2 });
  await expect(scorer.score({ ...strange, features: rows(2, 5, 0, NaN, 0) })).rejects.toThrow('NaN at row 1');
  const large = scorer.score({ ...strange, features: rows(2, 5, 0, 3e38, 0) });
  await expect(large).rejects.toThrow(NotFiniteError);
  await expect(large).rejects.toThrow(/score must be a number that float32 holds .* at row 1/);
});

test('after dispose, and after its rows went into another, it is not in use', async () => {
  const disposed: string[] = [];
  const scorer = await fitted({}, disposed);
  await expect(scorer.takeIn!({ features: rows(2, 9, 9), labels: ['a'] as never })).rejects.toThrow(ArgumentError);
  expect(disposed).toEqual([]);
  const next = await scorer.takeIn!({ features: rows(2, 9, 9), labels: [1] });
  expect(disposed).toEqual(['rows']);
  expect(next.state().options).toEqual({ power: 1, total: 3 });
  await expect(scorer.score(strange)).rejects.toThrow('scorer must be one that is in use, got one after dispose()');
  expect(await next.score(strange)).toEqual(Float32Array.of(3, 0));
  next.dispose();
  expect(disposed).toEqual(['rows', 'rows']);
  await expect(next.score(strange)).rejects.toThrow(ArgumentError);
});

test('images are as many as the rows beside them', async () => {
  const method = defineScorer('withImages', undefined, {
    needs: ['features', 'images'],
    fitNeeds: [],
    options: {},
    fitted: {},
    fit: () => ({}),
    score: () => ({ scoresOf: ({ count }) => new Float64Array(count) }),
  });
  const scorer = await method.fit([], {});
  const features = { data: Float32Array.of(1, 2, 3), shape: [3, 1] as const };
  const [two, three] = [tf.zeros<tf.Rank.R4>([2, 2, 2, 1]), tf.zeros<tf.Rank.R4>([3, 2, 2, 1])];
  await expect(scorer.score({ features, images: two })).rejects.toThrow(ShapeError);
  await expect(scorer.score({ features, images: two })).rejects.toThrow(
    'withImages: images must be 3 rows, as the features, got 2',
  );
  expect(await scorer.score({ features, images: three })).toHaveLength(3);
  tf.dispose([two, three]);
});
