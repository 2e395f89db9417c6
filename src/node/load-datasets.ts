import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  concatImages,
  readCifar10,
  readCifar10Python,
  readMnist,
  readSvhn,
  type LabelledImages,
} from '../datasets/index';
import { ArgumentError } from '../errors';
import { nodeInflate } from './node-inflate';

/** The training and the test part of a set. */
export interface DatasetParts {
  train: LabelledImages;
  test: LabelledImages;
}

/** The first of the folders (below `folder`, '' for itself) that holds all the files. */
async function findFolder(where: string, folder: string, places: readonly string[], files: readonly string[]) {
  for (const place of places) {
    const names = new Set(await readdir(join(folder, place)).catch((): string[] => []));
    if (files.every((file) => names.has(file))) return join(folder, place);
  }
  const looked = places.map((place) => `${join(folder, place)}/{${files.join(',')}}`).join(' or ');
  throw new ArgumentError({ where, what: 'folder', expected: `one with ${looked}`, received: 'none of them' });
}

/**
 * Loads CIFAR-10 from its binary or its python version, with as many training batches as there are.
 *
 * @param folder the folder `cifar-10-batches-bin` or `cifar-10-batches-py`, or the one it is in
 * @throws ArgumentError that says what was looked for; FormatError for a damaged file
 * @example
 * const { train, test } = await loadCifar10('data');
 */
export async function loadCifar10(folder: string): Promise<DatasetParts> {
  const where = 'loadCifar10';
  const versions = [
    { place: 'cifar-10-batches-bin', ending: '.bin', read: readCifar10 },
    { place: 'cifar-10-batches-py', ending: '', read: readCifar10Python },
  ];
  for (const { place, ending, read } of versions) {
    for (const home of [folder, join(folder, place)]) {
      const names = await readdir(home).catch((): string[] => []);
      const batches = names.filter((name) => new RegExp(`^data_batch_\\d+${ending.replace('.', '\\.')}$`).test(name));
      const test = `test_batch${ending}`;
      if (batches.length === 0 || !names.includes(test)) continue;
      const load = async (name: string) => read(await readFile(join(home, name)), { file: join(home, name) });
      return { train: concatImages(await Promise.all(batches.sort().map(load))), test: await load(test) };
    }
  }
  const expected = versions
    .map(({ place, ending }) => `${place}/{data_batch_1${ending},test_batch${ending}}`)
    .join(' or ');
  throw new ArgumentError({ where, what: 'folder', expected: `one with ${expected}`, received: folder });
}

/**
 * Loads SVHN's cropped digits.
 *
 * @param folder with `train_32x32.mat` and `test_32x32.mat`, or the one whose `svhn` has them
 * @throws ArgumentError that says what was looked for; FormatError for a damaged file
 * @example
 * const { train, test } = await loadSvhn('data');
 */
export async function loadSvhn(folder: string): Promise<DatasetParts> {
  const [trainFile, testFile] = ['train_32x32.mat', 'test_32x32.mat'];
  const home = await findFolder('loadSvhn', folder, ['', 'svhn', 'SVHN'], [trainFile, testFile]);
  const load = async (name: string) =>
    readSvhn(await readFile(join(home, name)), { file: join(home, name), inflate: nodeInflate });
  return { train: await load(trainFile), test: await load(testFile) };
}

/**
 * Loads MNIST, or another set in its four files, gzip or not.
 *
 * @param folder with `train-images-idx3-ubyte(.gz)` and so on, or the one whose `mnist` has them
 * @throws ArgumentError that says what was looked for; FormatError for a damaged file
 * @example
 * const { train, test } = await loadMnist('data');
 */
export async function loadMnist(folder: string): Promise<DatasetParts> {
  const files = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'];
  for (const home of [folder, join(folder, 'mnist')]) {
    const names = files.map((file) => [`${file}-ubyte`, `${file}-ubyte.gz`].map((name) => join(home, name)));
    const found = await Promise.all(
      names.map(async (variants) => {
        for (const name of variants) if ((await stat(name).catch(() => undefined))?.isFile()) return name;
        return undefined;
      }),
    );
    if (!found.every((name) => name !== undefined)) continue;
    const [trainImages, trainLabels, testImages, testLabels] = await Promise.all(found.map((name) => readFile(name)));
    const options = { inflate: nodeInflate };
    return {
      train: await readMnist(trainImages!, trainLabels!, { ...options, file: found[0]! }),
      test: await readMnist(testImages!, testLabels!, { ...options, file: found[2]! }),
    };
  }
  const expected = `one with ${files.map((file) => `${file}-ubyte(.gz)`).join(', ')}`;
  throw new ArgumentError({ where: 'loadMnist', what: 'folder', expected, received: folder });
}
