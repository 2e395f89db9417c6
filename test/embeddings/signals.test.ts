import '@tensorflow/tfjs-backend-cpu';
import { describe, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { ClassScatter, distanceRatio, nearestMeanAccuracy, recallAtK, silhouette } from 'tfjs-ood/embeddings';

const [ROWS, SIZE] = [3000, 24];
const random = seededRandom(8);
const data = Float32Array.from({ length: ROWS * SIZE }, () => random.normal());
const rows = { data, shape: [ROWS, SIZE] as const };
const labels = Int32Array.from({ length: ROWS }, (_, row) => row % 600);
const means = {
  labels: Int32Array.from({ length: 3000 }, (_, c) => c),
  data: Float64Array.from(data),
  shape: [3000, SIZE],
};
/** So many that an add takes longer than anyone has to wait. */
const wide = {
  data: new Float32Array(40_000 * 160).map((_, at) => (at * 7919) % 1000),
  shape: [40_000, 160] as const,
};
const wideLabels = Int32Array.from({ length: 40_000 }, (_, row) => row % 600);

type Call = (signal?: AbortSignal) => Promise<unknown>;
const options = (signal: AbortSignal | undefined) => (signal ? { signal } : {});
const calls: Record<string, Call> = {
  recallAtK: (signal) => recallAtK(rows, labels, [1], options(signal)),
  silhouette: (signal) => silhouette(rows, labels, options(signal)),
  distanceRatio: (signal) => distanceRatio(rows, labels, options(signal)),
  nearestMeanAccuracy: (signal) => nearestMeanAccuracy(means as never, rows, labels, options(signal)),
  'ClassScatter.add': (signal) => new ClassScatter().add(wide, wideLabels, options(signal)),
};

describe.each(Object.entries(calls))('%s', (_, call) => {
  const reason = new Error('left');
  test('one that was given up before is refused at once', async () => {
    await expect(call(AbortSignal.abort(reason))).rejects.toBe(reason);
  });
  test('others have their turn, and may give it up', async () => {
    const leaving = new AbortController();
    setTimeout(() => leaving.abort(reason)); // pages have no setImmediate
    await expect(call(leaving.signal)).rejects.toBe(reason);
  });
  test('a signal that is left alone changes nothing', async () => {
    expect(await call(new AbortController().signal)).toEqual(await call());
  });
});

test('a store stays as it was where an add is given up, and goes on', async () => {
  const [store, plain] = [new ClassScatter(), new ClassScatter()];
  for (const one of [store, plain]) await one.add({ data: data.slice(0, 160 * 4), shape: [4, 160] }, [0, 0, 1, 1]);
  const leaving = new AbortController();
  setTimeout(() => leaving.abort());
  await expect(store.add(wide, wideLabels, { signal: leaving.signal })).rejects.toThrow();
  expect(store.within()).toEqual(plain.within());
  for (const one of [store, plain]) await one.add(wide, wideLabels);
  expect(store.within()).toEqual(plain.within());
});
