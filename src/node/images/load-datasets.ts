import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  concatImages,
  readCifar10,
  readCifar10Python,
  readSvhn,
  type CifarLabels,
  type LabeledImages,
} from '../../datasets/index';
import { CIFAR_LABELS } from '../../datasets/reader-options';
import { ArgumentError } from '../../core/errors';
import { readOptions } from '../../core/read-options';
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
  throw new ArgumentError(where, 'folder', `one with ${looked}`, `${folder}, which has neither`);
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
  throw new ArgumentError(where, 'folder', whole, folder);
}

/**
 * Loads CIFAR-100 from its binary or its python version.
 *
 * @param folder the folder `cifar-100-binary` or `cifar-100-python`, or the one it is in
 * @param options `labels`: `'fine'` (100 classes, what the set is named for and therefore the default) or `'coarse'`
 *   (20 of five fine ones each)
 * @throws ArgumentError that says what was looked for, or for other `labels`; FormatError for a damaged file, or a pipe
 *   or device in its place
 * @example
 * const { train, test } = await loadCifar100('data', { labels: 'coarse' });
 */
export async function loadCifar100(folder: string, options: { labels?: CifarLabels } = {}): Promise<DatasetParts> {
  const where = 'loadCifar100';
  const { labels } = readOptions(where, options, { labels: [CIFAR_LABELS, 'fine'] });
  const versions = [
    { place: 'cifar-100-binary', ending: '.bin', read: readCifar10 },
    { place: 'cifar-100-python', ending: '', read: readCifar10Python },
  ];
  for (const { place, ending, read } of versions) {
    for (const home of [folder, join(folder, place)]) {
      const names = await readdir(home).catch((): string[] => []);
      // Folders named train and test are usual.
      const isFile = async (name: string) => !(await stat(join(home, name)).catch(() => undefined))?.isDirectory();
      const files = [`train${ending}`, `test${ending}`];
      if (!files.every((name) => names.includes(name))) continue;
      if (!(await isFile(files[0]!)) || !(await isFile(files[1]!))) continue;
      const load = async (name: string) =>
        read(await readWholeFile(where, join(home, name)), { file: join(home, name), labels });
      return { train: await load(files[0]!), test: await load(files[1]!) };
    }
  }
  const expected = versions.map(({ place, ending }) => `${place}/{train${ending},test${ending}}`).join(' or ');
  const whole = `one with ${expected}, or that folder itself`;
  throw new ArgumentError(where, 'folder', whole, folder);
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
