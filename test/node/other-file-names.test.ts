import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ArgumentError, FormatError } from 'tfjs-ood';
import { loadCifar100, loadMnist } from 'tfjs-ood/node';
import { idx } from '../datasets/small-files';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();
async function makeFiles(files: Record<string, Uint8Array>): Promise<string> {
  const home = place();
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(join(home, name, '..'), { recursive: true });
    await writeFile(join(home, name), bytes);
  }
  return home;
}

/** The four files of a set by its names: images of one pixel, which is the label plus `first`. */
function four(
  name: (use: 'train' | 'test', kind: 'images' | 'labels', rank: 1 | 3) => string,
  labels: number[] = [0, 1, 9],
  first = 100,
): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  for (const use of ['train', 'test'] as const) {
    const own = use === 'train' ? labels : labels.slice(1);
    const pixels = own.map((label) => label + first);
    const [images, classes] = [idx(8, [own.length, 1, 1], pixels), idx(8, [own.length], own)];
    const pack = (file: string, bytes: Uint8Array) => (file.endsWith('.gz') ? gzipSync(bytes) : bytes);
    files[name(use, 'images', 3)] = pack(name(use, 'images', 3), images);
    files[name(use, 'labels', 1)] = pack(name(use, 'labels', 1), classes);
  }
  return files;
}
const official = (use: string, kind: string, rank: number) =>
  `${use === 'test' ? 't10k' : use}-${kind}-idx${rank}-ubyte`;
const kaggle = (use: string, kind: string, rank: number) => official(use, kind, rank).replace('-idx', '.idx');
const emnist = (split: string) => (use: string, kind: string, rank: number) =>
  `emnist-${split}-${use}-${kind}-idx${rank}-ubyte`;

describe('loadMnist', () => {
  const check = async (home: string, first = 100, labels = [0, 1, 9], options = {}) => {
    const { train, test: tested } = await loadMnist(home, options);
    expect([...train.labels]).toEqual(labels);
    expect([...train.images]).toEqual(labels.map((label) => label + first));
    expect([...tested.labels]).toEqual(labels.slice(1));
  };

  test.each<[string, Parameters<typeof four>[0]]>([
    ["Kaggle's names", kaggle],
    ["Kaggle's names, gzip", (...parts) => `${kaggle(...parts)}.gz`],
    ["Kaggle's folders", (...parts) => `${official(...parts)}/${official(...parts)}`],
    ["Kaggle's folders, a dot in both", (...parts) => `${kaggle(...parts)}/${kaggle(...parts)}`],
    ['one of EMNIST alone', emnist('digits')],
    ['one of EMNIST alone, gzip, in gzip/', (...parts) => `gzip/${emnist('mnist')(...parts)}.gz`],
    ['in EMNIST/raw', (...parts) => `EMNIST/raw/${emnist('digits')(...parts)}`],
    ['another set with a name of its own', (use, kind, rank) => `kmnist-${use}-${kind}-idx${rank}-ubyte.gz`],
    ['test for t10k', (use, kind, rank) => `${use}-${kind}-idx${rank}-ubyte`],
  ])('%s', async (_, name) => check(await makeFiles(four(name))));

  test("what Kaggle's archive unpacks: files, and folders with the same", async () => {
    const folders = four((...parts) => `${official(...parts)}/${official(...parts)}`, [5, 6]);
    await check(await makeFiles({ ...folders, ...four(kaggle) }));
  });

  test('the official names come first', async () => {
    const home = await makeFiles({ ...four(kaggle, [5, 6]), ...four(emnist('digits'), [7, 8]), ...four(official) });
    await check(home);
    await check(home, 100, [7, 8], { split: 'digits' });
  });

  test('which of several sets, by its split', async () => {
    const sets = ['balanced', 'byclass', 'digits', 'letters'];
    const files = sets.map((split, i) => four(emnist(split), { byclass: [0, 61], letters: [1, 26] }[split], i));
    const home = await makeFiles(Object.assign({}, ...files) as Record<string, Uint8Array>);
    await expect(loadMnist(home)).rejects.toThrow(ArgumentError);
    await expect(loadMnist(home)).rejects.toThrow(
      'split must be one of balanced, byclass, digits, letters, got undefined',
    );
    await check(home, 0, [0, 1, 9], { split: 'balanced' });
    await check(home, 1, [0, 61], { split: 'byclass' });
    await check(home, 2, [0, 1, 9], { split: 'digits' });
    await check(home, 2, [0, 1, 9], { split: 'emnist-digits' });
    const letters = loadMnist(home, { split: 'letters' });
    await expect(letters).rejects.toThrow(FormatError);
    await expect(letters).rejects.toThrow('give the option classes: 27 would hold these labels, which begin at 1');
    await check(home, 3, [1, 26], { split: 'letters', classes: 27 });
    const missing = loadMnist(home, { split: 'bymerge' });
    await expect(missing).rejects.toThrow(ArgumentError);
    await expect(missing).rejects.toThrow('emnist-bymerge-train-images-idx3-ubyte(.gz)');
  });

  test('balanced has 47 classes without being told, and not 48', async () => {
    await check(await makeFiles(four(emnist('balanced'), [0, 46])), 100, [0, 46]);
    await expect(loadMnist(await makeFiles(four(emnist('balanced'), [0, 47])))).rejects.toThrow('labels from 0 to 46');
    await expect(loadMnist(await makeFiles(four(official, [0, 46])))).rejects.toThrow('labels from 0 to 9');
  });

  test('what is one of images in the place of labels, or one too few, is none', async () => {
    const files = four(official);
    delete files['t10k-labels-idx1-ubyte'];
    files['t10k-labels-idx3-ubyte'] = idx(8, [1], [0]);
    await expect(loadMnist(await makeFiles(files))).rejects.toThrow('t10k-labels-idx1-ubyte(.gz)');
  });
});

describe('loadCifar100', () => {
  const record = (coarse: number, fine: number) => Buffer.concat([Buffer.of(coarse, fine), Buffer.alloc(3072, fine)]);
  const files = { 'train.bin': Buffer.concat([record(1, 30), record(19, 99)]), 'test.bin': record(4, 0) };

  test('fine labels, or coarse ones, of the folder or the one it is in', async () => {
    const named = Object.entries(files).map(([name, bytes]) => [`cifar-100-binary/${name}`, bytes] as const);
    const home = await makeFiles(Object.fromEntries(named));
    for (const folder of [home, join(home, 'cifar-100-binary')]) {
      const fine = await loadCifar100(folder);
      expect([...fine.train.labels, ...fine.test.labels]).toEqual([30, 99, 0]);
      expect([fine.train.images[0], fine.train.images[3072]]).toEqual([30, 99]);
      const coarse = await loadCifar100(folder, { labels: 'coarse' });
      expect([...coarse.train.labels, ...coarse.test.labels]).toEqual([1, 19, 4]);
    }
    await expect(loadCifar100(home, { labels: 'both' as 'fine' })).rejects.toThrow(
      'labels must be one of coarse, fine',
    );
  });

  test('folders named train and test are no files of it', async () => {
    const home = await makeFiles({ 'train/a.png': Buffer.alloc(1), 'test/a.png': Buffer.alloc(1) });
    await expect(loadCifar100(home)).rejects.toThrow(ArgumentError);
    await expect(loadCifar100(home)).rejects.toThrow('cifar-100-binary/{train.bin,test.bin} or cifar-100-python');
  });

  test('a damaged file is named', async () => {
    const home = await makeFiles({ ...files, 'test.bin': record(4, 0).subarray(1) });
    await expect(loadCifar100(home)).rejects.toThrow(FormatError);
    await expect(loadCifar100(home)).rejects.toThrow(join(home, 'test.bin'));
  });
});
