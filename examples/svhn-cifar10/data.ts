import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ArgumentError, deriveSeed, seededRandom } from 'tfjs-ood';
import { loadCifar10, loadSvhn, readImageList } from 'tfjs-ood/node';
import type { ImageSet } from 'tfjs-ood/datasets';
import type { Kind, Sets, StrangeSet } from '../runner/experiment';
import { readGiven } from '../runner/given-folder';
import { gaussianNoise, uniformNoise } from '../runner/noise';
import { sample } from '../runner/sample';
import { drawDigits, drawLetters, drawShapes } from './drawn-images';
import type { Preset } from './presets';
import { joinSets, splitList, withoutTested, type SeenPart } from './seen-sets';

const loaders = { cifar10: loadCifar10, svhn: loadSvhn };
export type RealSet = keyof typeof loaders;
const PLACES: Record<RealSet, string> = {
  cifar10: 'CIFAR-10 (cifar-10-batches-bin or cifar-10-batches-py)',
  svhn: 'SVHN (svhn/train_32x32.mat and test_32x32.mat)',
};
export const REAL_SETS = Object.keys(loaders) as readonly RealSet[];

const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));
export const CLASS_NAMES = {
  cifar10: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  svhn: DIGITS,
};

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false;

/**
 * The unseen sets that are in the folder: image lists as the paper's, by the names that they usually have. Tiny
 * ImageNet shows things, as CIFAR-10 does: to CIFAR-10 it is novel. Scenes and rooms are something else, and to house
 * numbers all of them are.
 */
const IMAGE_LISTS: readonly (readonly [name: string, folder: RegExp, toCifar10: Kind])[] = [
  ['tiny-imagenet', /^tiny[-_]?imagenet/i, 'novelty'],
  ['lsun', /^lsun/i, 'anomaly'],
  ['rooms', /^rooms$/i, 'anomaly'],
];

const noise = (count: number, seed: number): StrangeSet => {
  const images = gaussianNoise(count, [32, 32, 3], seededRandom(seed, 3));
  return { name: 'noise', kind: 'anomaly', seen: false, images };
};

/** Images of noise: as many as training images where none are asked for, as the authors have. */
export const noiseCount = (noiseImages: number, { shape }: ImageSet): number => noiseImages || shape[0];

/** The image lists of the folder by their names. */
async function listsIn(folder: string, kernel: Preset['resizeKernel']): Promise<Map<string, ImageSet>> {
  const lists = new Map<string, ImageSet>();
  const entries = (await readdir(folder)).sort();
  for (const [name, pattern] of IMAGE_LISTS) {
    for (const entry of entries) {
      if (!pattern.test(entry) || !(await isFolder(join(folder, entry, 'images')))) continue;
      lists.set(name, await readImageList(join(folder, entry), { size: [32, 32], kernel }));
      break;
    }
  }
  return lists;
}

/** The known set, the seen ones, and the unseen ones of the folder; noise that is drawn from the seed. */
export function realSets(
  inside: RealSet,
  seen: readonly SeenPart[],
  folder: string,
  preset: Pick<Preset, 'noiseImages' | 'resizeKernel'>,
  seed: number,
): Promise<Sets> {
  const needed = [inside, ...seen.map(({ name }) => name)].filter((name): name is RealSet => name in loaders);
  const expected = `a folder with ${needed.map((name) => PLACES[name]).join(', and ')} (--download fetches both)`;
  return readGiven('experiment', '--data', folder, () => readSets(inside, seen, folder, preset, seed), expected);
}

async function readSets(
  inside: RealSet,
  seen: readonly SeenPart[],
  folder: string,
  { noiseImages, resizeKernel }: Pick<Preset, 'noiseImages' | 'resizeKernel'>,
  seed: number,
): Promise<Sets> {
  const known = await loaders[inside](folder);
  const lists = await listsIn(folder, resizeKernel);
  const kindOf = (name: string): Kind =>
    inside === 'cifar10' ? (IMAGE_LISTS.find(([list]) => list === name)?.[2] ?? 'anomaly') : 'anomaly';
  const train: ImageSet[] = [];
  const out: StrangeSet[] = [];
  for (const { name, count = 0 } of seen) {
    if (name === 'uniform') {
      train.push(uniformNoise(count, [32, 32, 3], seededRandom(seed, 4)));
    } else if (name === 'svhn' || name === 'cifar10') {
      const other = await loaders[name](folder);
      train.push(sample(other.train, count, seed));
      out.push({ name, kind: 'anomaly', seen: true, images: other.test });
    } else {
      const images = lists.get(name);
      if (!images) throw new ArgumentError('experiment', '--seen', `image lists that ${folder} has`, name);
      const parts = splitList(name, images, count);
      train.push(parts.train);
      out.push({ name, kind: kindOf(name), seen: true, images: parts.test });
      lists.delete(name);
    }
  }
  for (const [name, images] of lists) out.push({ name, kind: kindOf(name), seen: false, images });
  out.push(noise(noiseCount(noiseImages, known.train), seed));
  const { images: seenTrain, left } = withoutTested(joinSets(train), [{ images: known.test }, ...out]);
  return {
    known: { name: inside, ...known, classNames: CLASS_NAMES[inside] },
    seenTrain,
    out,
    ...(left > 0 && { notes: [`${left} seen images are also among those of the test, and are left out of training`] }),
  };
}

/** Digits known, textured shapes seen; letters are related to digits. */
export function drawnSets(noiseImages: number, seed: number): Sets {
  const testSeed = deriveSeed(seed, 1); // other drawings than those trained on
  const train = drawDigits(2000, seed);
  return {
    known: {
      name: 'digits',
      train,
      test: drawDigits(500, testSeed),
      classNames: DIGITS,
    },
    seenTrain: drawShapes(500, seed),
    out: [
      { name: 'shapes', kind: 'anomaly', seen: true, images: drawShapes(500, testSeed) },
      { name: 'letters', kind: 'novelty', seen: false, images: drawLetters(500, testSeed) },
      noise(noiseCount(noiseImages, train), testSeed),
    ],
  };
}

/** Does the folder hold both real sets? */
export async function hasRealData(folder: string, sets: readonly RealSet[]): Promise<boolean> {
  const known: Record<RealSet, RegExp> = { cifar10: /^cifar-10-batches-(bin|py)$/, svhn: /^(svhn|train_32x32\.mat)$/ };
  const entries = await readdir(folder).catch((): string[] => []);
  return sets.every((set) => entries.some((entry) => known[set].test(entry)));
}
