import { readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import sharp from 'sharp';
import { seededRandom } from 'tfjs-ood';
import type { ImageSet, LabeledImages } from 'tfjs-ood/datasets';
import { openRunFolder } from 'tfjs-ood/node';
import { beforeAll, expect, test } from 'vitest';
import { animate, animationOf } from '../../examples/runner/animations';
import { compare } from '../../examples/runner/compare';
import type { Sets, Training } from '../../examples/runner/experiment';
import { trackImages } from '../../examples/runner/history';
import { methods } from '../../examples/runner/methods';
import { digits } from '../../examples/digits/digits';
import { temporaryFolder } from '../node/temporary-folder';

const place = temporaryFolder();
beforeAll(() => tf.setBackend('cpu'));

/** Images of 2 x 1 bytes: two classes at the left and the right, by the first byte. */
function drawn(seed: number, count: number, at: (i: number) => [number, number]): LabeledImages {
  const random = seededRandom(seed);
  const images = Uint8Array.from(
    Array.from({ length: count }, (_, i) => at(i).map((byte) => byte + random.integer(40))).flat(),
  );
  return { images, shape: [count, 2, 1, 1], labels: Int32Array.from({ length: count }, (_, i) => i % 2) };
}
const classes = (i: number): [number, number] => [i % 2 ? 150 : 50, 100];
const other = (seed: number, byte: number): ImageSet => drawn(seed, 30, () => [byte, 100]);
const sets: Sets = {
  known: { train: drawn(1, 60, classes), test: drawn(2, 40, classes), classNames: ['left', 'right'] },
  seenTrain: other(3, 0),
  out: [
    { name: 'shown', kind: 'novelty', seen: true, images: other(4, 0) },
    { name: 'new', kind: 'novelty', seen: false, images: other(5, 100) },
    { name: 'noise', kind: 'anomaly', seen: false, images: other(6, 210) },
  ],
};
const [odm, contrastive] = methods;

/** A network whose embedding is the image, and grows with the epochs: [0, 2 epochs]. */
async function tracked(epochs = 2) {
  const model = tfl.sequential({ layers: [tfl.layers.flatten({ inputShape: [2, 1, 1] })] });
  const scale = tfl.layers.dense({ units: 2, useBias: false });
  model.add(scale);
  const folder = await openRunFolder(place(), {});
  const tracker = trackImages(sets, { count: 24, animations: true }, { epochs } as Training, 1, folder);
  for (let epoch = 0; epoch <= epochs; epoch++) {
    scale.setWeights([tf.tensor2d([epoch + 1, 0, 0, epoch + 1], [2, 2])]);
    await tracker.record(epoch, model);
  }
  model.dispose();
  await folder.close();
  return { tracker, folder };
}

test('what is tracked is what the network makes of the rows, after each epoch', async () => {
  const { tracker } = await tracked();
  const { history, training: ofTraining } = await tracker.read();
  const training = ofTraining!;
  expect(history.epochs.map(({ epoch }) => epoch)).toEqual([0, 1, 2]);
  expect(Object.entries(history.rows).map(([name, { length }]) => [name, length])).toEqual([
    ['known', 12],
    ['shown', 4],
    ['new', 4],
    ['noise', 4],
  ]);
  const first = history.epochs[0]!.embeddings;
  const bytesOf = (set: ImageSet, row: number) => Array.from(set.images.subarray(2 * row, 2 * row + 2));
  for (const [e, { embeddings }] of history.epochs.entries()) {
    expect(Object.keys(embeddings).sort()).toEqual(['known', 'new', 'noise', 'shown']);
    expect(embeddings.known!.shape).toEqual([12, 2]);
    // A byte stands for itself up to one factor and shift of the reader: what grows with the epoch is all of it.
    embeddings.known!.data.forEach((value, i) => expect(value).toBeCloseTo((e + 1) * first.known!.data[i]!, 4));
  }
  const rows = Array.from(history.rows.known!);
  const order = (values: number[]) => values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  const x = rows.map((_, i) => first.known!.data[2 * i]!);
  const bytes = rows.map((row) => bytesOf(sets.known.test, row)[0]!);
  expect(order(x).map((i) => bytes[i])).toEqual(order(bytes).map((i) => bytes[i]));
  // Labels go with the training images: the class at the left has the smaller first numbers.
  expect(training.labels).toHaveLength(60);
  const { data } = training.epochs[0]!;
  const of = (label: number) => Array.from(training.labels.keys()).filter((i) => training.labels[i] === label);
  expect(Math.max(...of(0).map((i) => data[2 * i]!))).toBeLessThan(Math.min(...of(1).map((i) => data[2 * i]!)));
});

test('numbers of an epoch are those of a naive count; sets that training saw are said to be', async () => {
  const { tracker } = await tracked();
  const found = await tracker.read();
  const { epochs, caption, name, known } = await animationOf(odm!, sets, found);
  expect([name, known]).toEqual(['ODM', 'known']);
  const { labels, epochs: training } = found.training!;
  epochs.forEach(({ epoch, embeddings }, e) => {
    const means = [0, 1].map((label) => {
      const own = Array.from(labels.keys()).filter((i) => labels[i] === label);
      return [0, 1].map((k) => own.reduce((sum, i) => sum + training[e]!.data[2 * i + k]!, 0) / own.length);
    });
    const distances = (set: string) =>
      Array.from({ length: embeddings[set]!.shape[0] }, (_, i) =>
        means.map((mean) => Math.hypot(...mean.map((m, k) => embeddings[set]!.data[2 * i + k]! - m))),
      );
    const inside = distances('known');
    const right = inside.filter(([a, b], i) => (a! < b! ? 0 : 1) === found.history.rows.known![i]! % 2).length;
    for (const set of ['shown', 'new', 'noise']) {
      let wins = 0;
      const outside = distances(set).map((own) => Math.min(...own));
      for (const far of outside) for (const own of inside) wins += far > Math.min(...own) ? 1 : 0;
      const area = (wins / outside.length / inside.length).toFixed(2);
      const seen = set === 'shown' ? ' (seen)' : '';
      expect(caption!(set, epoch)).toBe(`accuracy ${(right / 12).toFixed(2)}, AUROC ${area}${seen}`);
    }
  });
});

test('a GIF for each set: with ODM that of the seen images too, and a frame an epoch', async () => {
  const { tracker } = await tracked();
  const path = place();
  const files = [...(await animate(path, odm!, sets, await tracker.read()))];
  files.push(...(await animate(path, contrastive!, sets, await tracker.read())));
  const names = ['odm-shown', 'odm-new', 'odm-noise', 'metric-learning-new', 'metric-learning-noise'];
  expect(files.map((file) => basename(file, '.gif'))).toEqual(names);
  expect((await readdir(join(path, 'animations'))).sort()).toEqual(names.map((name) => `${name}.gif`).sort());
  for (const file of files) expect((await sharp(file, { animated: true }).metadata()).pages).toBe(3);
});

test('an epoch that was not tracked is an error that says what to do', async () => {
  const { tracker, folder } = await tracked();
  await rm(join(folder.path, 'embedding-00001.safetensors'));
  await expect(tracker.read()).rejects.toThrow(/--animations.*another --out.*none of epoch 1/s);
});

test('--animations without an embedding, or without tracked images, is refused before anything is read', async () => {
  const load = () => Promise.reject(new Error('read'));
  const options = { seed: 1, seeds: 1, methods: ['odm'], backend: 'cpu', evaluateAtMost: 0, printEvery: 0 };
  const start = (more: { methods?: string[]; trackedImages?: number }) =>
    compare(
      { ...digits, load },
      { ...options, out: place(), report: true, animations: true, trackedImages: 9, ...more },
    );
  await expect(start({ methods: ['cross-entropy'] })).rejects.toThrow('--methods odm, contrastive');
  await expect(start({ trackedImages: 0 })).rejects.toThrow('--tracked-images above 0');
  await expect(start({})).rejects.toThrow('read');
});
