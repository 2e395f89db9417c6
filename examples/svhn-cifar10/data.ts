import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ArgumentError, deriveSeed, seededRandom } from 'tfjs-ood';
import type { ImageSet, LabelledImages } from 'tfjs-ood/datasets';
import { loadCifar10, loadSvhn, readImageList } from 'tfjs-ood/node';
import type { Config, RealSet } from './config';
import { drawDigits, drawLetters, drawNoise, drawShapes } from './drawn-images';

export interface TestSet {
  name: string;
  images: ImageSet;
}

export interface ExperimentData {
  known: { name: string; train: LabelledImages; test: LabelledImages };
  seenTrain: ImageSet;
  /** The seen set's test part first, then the unseen ones. */
  out: (TestSet & { seen: boolean })[];
}

const loaders = { cifar10: loadCifar10, svhn: loadSvhn };
const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false;

/** The unseen sets that are in the folder: image lists as the paper's, by the names that they usually have. */
const IMAGE_LISTS: readonly (readonly [name: string, folder: RegExp])[] = [
  ['tiny-imagenet', /^tiny[-_]?imagenet/i],
  ['lsun', /^lsun/i],
  ['rooms', /^rooms$/i],
];

/** `count` rows of a set, drawn by the seed and in their old order; all of them where there are no more. */
export function sample<T extends ImageSet>(set: T, count: number, seed: number): T {
  const [n, ...rest] = set.shape;
  if (count === 0 || count >= n) return set;
  const each = rest[0] * rest[1] * rest[2];
  const rows = seededRandom(seed, 11).permutation(n).slice(0, count).sort();
  const images = new Uint8Array(count * each);
  rows.forEach((row, i) => images.set(set.images.subarray(row * each, (row + 1) * each), i * each));
  const labels = 'labels' in set ? { labels: rows.map((row) => (set as unknown as LabelledImages).labels[row]!) } : {};
  return { ...set, images, shape: [count, ...rest], ...labels };
}

async function realData(config: Config, folder: string): Promise<ExperimentData> {
  const known = await loaders[config.in as RealSet](folder);
  const seen = await loaders[config.seen as RealSet](folder);
  const out: ExperimentData['out'] = [{ name: config.seen, seen: true, images: seen.test }];
  const entries = (await readdir(folder)).sort();
  for (const [name, pattern] of IMAGE_LISTS) {
    for (const entry of entries) {
      if (!pattern.test(entry) || !(await isFolder(join(folder, entry, 'images')))) continue;
      out.push({ name, seen: false, images: await readImageList(join(folder, entry), { size: [32, 32] }) });
      break;
    }
  }
  out.push({ name: 'noise', seen: false, images: drawNoise(config.noiseImages, config.seed) });
  return { known: { name: config.in, ...known }, seenTrain: seen.train, out };
}

function drawnData(config: Config): ExperimentData {
  const testSeed = deriveSeed(config.seed, 1); // other drawings than those trained on
  return {
    known: { name: 'digits', train: drawDigits(2000, config.seed), test: drawDigits(500, testSeed) },
    seenTrain: drawShapes(500, config.seed),
    out: [
      { name: 'shapes', seen: true, images: drawShapes(500, testSeed) },
      { name: 'letters', seen: false, images: drawLetters(500, testSeed) },
      { name: 'noise', seen: false, images: drawNoise(config.noiseImages, testSeed) },
    ],
  };
}

/** The sets of a run, cut to `evaluateAtMost` test images each. */
export async function loadData(config: Config, folder: string | undefined): Promise<ExperimentData> {
  if (config.data === 'drawn') return drawnData(config);
  if (folder === undefined || !(await isFolder(folder))) {
    const received = folder === undefined ? 'none' : `${folder}, which is no folder`;
    throw new ArgumentError({ where: 'experiment', what: '--data', expected: 'a folder with the images', received });
  }
  const data = await realData(config, folder);
  return {
    ...data,
    known: { ...data.known, test: sample(data.known.test, config.evaluateAtMost, config.seed) },
    out: data.out.map((set) => ({ ...set, images: sample(set.images, config.evaluateAtMost, config.seed) })),
  };
}

/** Does the folder hold both real sets? */
export async function hasRealData(folder: string, sets: readonly RealSet[]): Promise<boolean> {
  const known: Record<RealSet, RegExp> = { cifar10: /^cifar-10-batches-(bin|py)$/, svhn: /^(svhn|train_32x32\.mat)$/ };
  const entries = await readdir(folder).catch((): string[] => []);
  return sets.every((set) => entries.some((entry) => known[set].test(entry)));
}

export const makeFolder = (folder: string): Promise<string | undefined> => mkdir(folder, { recursive: true });
