import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { seededRandom } from 'tfjs-ood';
import { readMnist, type ImageSet, type LabeledImages } from 'tfjs-ood/datasets';
import { loadCifar10, loadGtsrb, loadMnist, nodeInflate, readImageList } from 'tfjs-ood/node';
import { KNOWN, NOVEL } from '../traffic-signs/traffic-signs';
import { classesOf } from '../runner/classes-of';
import { evenContrast } from '../runner/even-contrast';

/** Known images, and sets of what is really unknown: classes of the same kind, and other things. */
export interface Known {
  /** Images that train a model; none where it is there already. */
  train?: LabeledImages;
  known: LabeledImages;
  novel: Record<string, ImageSet>;
  anomalies: Record<string, ImageSet>;
}

/** So many rows, drawn by the seed. */
export function drawn<S extends ImageSet & { labels?: Int32Array }>(set: S, count: number, seed: number): S {
  const [all, ...rest] = set.shape;
  const size = rest[0] * rest[1] * rest[2];
  const rows = seededRandom(seed).permutation(all).subarray(0, count);
  const images = new Uint8Array(rows.length * size);
  rows.forEach((row, i) => images.set(set.images.subarray(row * size, (row + 1) * size), i * size));
  const labels = set.labels && { labels: Int32Array.from(rows, (row) => set.labels![row]!) };
  return { ...set, images, shape: [rows.length, ...rest], ...labels };
}

const FIRST_DIGITS = [0, 1, 2, 3, 4, 5];

/** 0 to 5 are known; 6 to 9 and clothes are not. */
export async function digits(folder: string, rows: number, seed: number): Promise<Known> {
  const { train, test } = await loadMnist(join(folder, 'mnist'));
  const clothes = async (name: string) => readFile(join(folder, 'fashion-mnist', `t10k-${name}-ubyte.gz`));
  const fashion = await readMnist(await clothes('images-idx3'), await clothes('labels-idx1'), { inflate: nodeInflate });
  return {
    train: drawn(classesOf(train, FIRST_DIGITS), 6000, seed),
    known: drawn(classesOf(test, FIRST_DIGITS), 2 * rows, seed + 1),
    novel: {
      '6 and 7': drawn(classesOf(test, [6, 7]), rows, seed),
      '8 and 9': drawn(classesOf(test, [8, 9]), rows, seed),
    },
    anomalies: { clothes: drawn(fashion, rows, seed) },
  };
}

/** The 22 classes of signs of the experiment are known; others with the same frames, and photographs, are not. */
export async function signs(folder: string, rows: number, seed: number): Promise<Known> {
  const { train, test } = await loadGtsrb(folder);
  const pictures = (name: string) => readImageList(join(folder, name), { size: [32, 32], limit: rows });
  const even = <S extends ImageSet>(set: S) => evenContrast<S>(set);
  return {
    train: even(drawn(classesOf(train, KNOWN), Infinity, seed)),
    known: even(drawn(classesOf(test, KNOWN), 2 * rows, seed)),
    novel: { 'other signs': even(drawn(classesOf(test, NOVEL), rows, seed)) },
    anomalies: { rooms: even(await pictures('rooms')), 'Tiny ImageNet': even(await pictures('tiny_imagenet')) },
  };
}

/** For a model that is there already: rooms of one class, and pictures of other things. */
export async function rooms(folder: string, rows: number, seed: number): Promise<Known> {
  const list = await readImageList(join(folder, 'rooms'), { size: [64, 64], limit: 1000 });
  const known = drawn(list, 2 * rows, seed);
  return {
    known: { ...known, labels: new Int32Array(2 * rows) },
    novel: {},
    anomalies: {
      'CIFAR-10': drawn((await loadCifar10(folder)).test, rows, seed),
      digits: drawn((await loadMnist(join(folder, 'mnist'))).test, rows, seed),
      'Tiny ImageNet': await readImageList(join(folder, 'tiny_imagenet'), { size: [64, 64], limit: rows }),
    },
  };
}

/** The same with five classes of CIFAR-10, which are none of the model's; the other five are novel. */
export async function animals(folder: string, rows: number, seed: number): Promise<Known> {
  const { test } = await loadCifar10(folder);
  return {
    known: drawn(classesOf(test, [0, 1, 2, 3, 4]), 3 * rows, seed),
    novel: { 'other classes': drawn(classesOf(test, [5, 6, 7, 8, 9]), rows, seed) },
    anomalies: {
      rooms: await readImageList(join(folder, 'rooms'), { size: [64, 64], limit: rows }),
      digits: drawn((await loadMnist(join(folder, 'mnist'))).test, rows, seed),
    },
  };
}
