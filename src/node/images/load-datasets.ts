import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  concatImages,
  readCifar10,
  readCifar10Python,
  readMnist,
  readSvhn,
  type LabeledImages,
} from '../../datasets/index';
import { ArgumentError } from '../../core/errors';
import { nodeInflate } from './node-inflate';
import { readWholeFile } from '../read-regular-file';

/** The training and the test part of a set. */
export interface DatasetParts {
  train: LabeledImages;
  test: LabeledImages;
}

/** The first of the folders (below `folder`, '' for itself) that holds all the files. */
async function findFolder(where: string, folder: string, places: readonly string[], files: readonly string[]) {
  for (const place of places) {
    const names = new Set(await readdir(join(folder, place)).catch((): string[] => []));
    if (files.every((file) => names.has(file))) return join(folder, place);
  }
  const looked = places.map((place) => `${join(folder, place)}/{${files.join(',')}}`).join(' or ');
  throw new ArgumentError({
    where,
    what: 'folder',
    expected: `one with ${looked}`,
    received: `${folder}, which has neither`,
  });
}

/** data_batch_10 comes after data_batch_2. */
const numberIn = (name: string): number => Number(/\d+/.exec(name)![0]);

/**
 * Loads CIFAR-10 from its binary or its python version, with as many training batches as there are.
 *
 * @param folder the folder `cifar-10-batches-bin` or `cifar-10-batches-py`, or the one it is in
 * @throws ArgumentError that says what was looked for; FormatError for a damaged file, or a pipe or device in its place
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
      const load = async (name: string) =>
        read(await readWholeFile(where, join(home, name)), { file: join(home, name) });
      return {
        train: concatImages(await Promise.all(batches.sort((a, b) => numberIn(a) - numberIn(b)).map(load))),
        test: await load(test),
      };
    }
  }
  const expected = versions
    .map(({ place, ending }) => `${place}/{data_batch_1${ending},test_batch${ending}}`)
    .join(' or ');
  const whole = `one with ${expected}, or that folder itself`;
  throw new ArgumentError({ where, what: 'folder', expected: whole, received: folder });
}

/**
 * Loads SVHN's cropped digits.
 *
 * @param folder with `train_32x32.mat` and `test_32x32.mat`, or the one whose `svhn` has them
 * @throws ArgumentError that says what was looked for; FormatError for a damaged file, or a pipe or device in its place
 * @example
 * const { train, test } = await loadSvhn('data');
 */
export async function loadSvhn(folder: string): Promise<DatasetParts> {
  const [trainFile, testFile] = ['train_32x32.mat', 'test_32x32.mat'];
  const home = await findFolder('loadSvhn', folder, ['', 'svhn', 'SVHN'], [trainFile, testFile]);
  const load = async (name: string) =>
    readSvhn(await readWholeFile('loadSvhn', join(home, name)), { file: join(home, name), inflate: nodeInflate });
  return { train: await load(trainFile), test: await load(testFile) };
}

/**
 * Loads MNIST, or another set in its four files, gzip or not.
 *
 * @param folder with `train-images-idx3-ubyte(.gz)` and so on, or the one whose `mnist` or `MNIST/raw` has them
 * @throws ArgumentError that says what was looked for; FormatError for a damaged file, or a pipe or device in its place
 * @example
 * const { train, test } = await loadMnist('data');
 */
export async function loadMnist(folder: string): Promise<DatasetParts> {
  const where = 'loadMnist';
  const files = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'];
  for (const home of [folder, join(folder, 'mnist'), join(folder, 'MNIST', 'raw')]) {
    const names = new Set(await readdir(home).catch((): string[] => []));
    const found = files.map((file) => [`${file}-ubyte`, `${file}-ubyte.gz`].find((name) => names.has(name)));
    if (!found.every((name) => name !== undefined)) continue;
    const paths = found.map((name) => join(home, name));
    const [trainImages, trainLabels, testImages, testLabels] = await Promise.all(
      paths.map((path) => readWholeFile(where, path)),
    );
    const read = (images: Uint8Array, labels: Uint8Array, file: string) =>
      readMnist(images, labels, { file, inflate: nodeInflate });
    return {
      train: await read(trainImages!, trainLabels!, paths[0]!),
      test: await read(testImages!, testLabels!, paths[2]!),
    };
  }
  const expected = `one with ${files.map((file) => `${file}-ubyte(.gz)`).join(', ')}, itself or in mnist or MNIST/raw`;
  throw new ArgumentError({ where, what: 'folder', expected, received: folder });
}
