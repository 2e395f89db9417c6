import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ArgumentError, deriveSeed, seededRandom } from 'tfjs-ood';
import { loadCifar10, loadSvhn, readImageList } from 'tfjs-ood/node';
import type { ImageSet } from 'tfjs-ood/datasets';
import type { Kind, Sets, StrangeSet } from '../runner/experiment';
import { gaussianNoise } from '../runner/noise';
import { drawDigits, drawLetters, drawShapes } from './drawn-images';
import type { Preset } from './presets';

const loaders = { cifar10: loadCifar10, svhn: loadSvhn };
export type RealSet = keyof typeof loaders;
export const REAL_SETS = Object.keys(loaders) as readonly RealSet[];

const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));
const CLASS_NAMES = {
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

/** The two sets, and the unseen ones of the folder; noise that is drawn from the seed. */
export async function realSets(
  [inside, seen]: readonly [RealSet, RealSet],
  folder: string,
  { noiseImages, resizeKernel }: Pick<Preset, 'noiseImages' | 'resizeKernel'>,
  seed: number,
): Promise<Sets> {
  if (!(await isFolder(folder))) {
    throw new ArgumentError('experiment', '--data', 'a folder with the images', `${folder}, which is no folder`);
  }
  const known = await loaders[inside](folder);
  const other = await loaders[seen](folder);
  const out: StrangeSet[] = [{ name: seen, kind: 'anomaly', seen: true, images: other.test }];
  const entries = (await readdir(folder)).sort();
  for (const [name, pattern, toCifar10] of IMAGE_LISTS) {
    for (const entry of entries) {
      if (!pattern.test(entry) || !(await isFolder(join(folder, entry, 'images')))) continue;
      const images = await readImageList(join(folder, entry), { size: [32, 32], kernel: resizeKernel });
      out.push({ name, kind: inside === 'cifar10' ? toCifar10 : 'anomaly', seen: false, images });
      break;
    }
  }
  return {
    known: { name: inside, ...known, classNames: CLASS_NAMES[inside] },
    seenTrain: other.train,
    out: [...out, noise(noiseCount(noiseImages, known.train), seed)],
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
