import { createHash } from 'node:crypto';
import { ArgumentError } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import type { StrangeSet } from '../runner/experiment';
import { takeRows } from '../runner/take-rows';

/** What `--seen` can name: sets with a training part, image lists, of which some images are for training, and noise. */
export const SEEN_NAMES = ['svhn', 'cifar10', 'tiny-imagenet', 'lsun', 'rooms', 'uniform'] as const;
export type SeenName = (typeof SEEN_NAMES)[number];
const LISTS: readonly SeenName[] = ['tiny-imagenet', 'lsun', 'rooms'];
const UNIFORM_IMAGES = 600;

/** A set of OoD images for training, and how many of it; undefined: all of its training part. */
export interface SeenPart {
  name: SeenName;
  count?: number;
}

const refuse = (expected: string, received: string): never => {
  throw new ArgumentError('experiment', '--seen', expected, received);
};

/** `svhn,tiny_imagenet:500,uniform`: names with commas between, each with a number of images or without. */
export function seenParts(text: string): SeenPart[] {
  const parts = text.split(',').map((part): SeenPart => {
    const [, given, digits] = /^([^:]*)(?::(\d+))?$/.exec(part.trim()) ?? [];
    const name = SEEN_NAMES.find((known) => known === given?.toLowerCase().replaceAll('_', '-'));
    if (name === undefined) return refuse(`names among ${SEEN_NAMES.join(', ')}, as svhn,tiny-imagenet:500`, part);
    const count = digits === undefined ? undefined : Number(digits);
    if (count === 0) return refuse('one image at least of each', part);
    if (LISTS.includes(name) && count === undefined) {
      return refuse(`a number of images, ${name}:500 say, so that others are left to test by`, name);
    }
    if (name === 'uniform') return { name, count: count ?? UNIFORM_IMAGES };
    return count === undefined ? { name } : { name, count };
  });
  const twice = parts.find(({ name }, i) => parts.findIndex((other) => other.name === name) < i);
  return twice ? refuse('each set once', `${twice.name} twice`) : parts;
}

/** The first `count` images of a list, to train by, and the rest. */
export function splitList(name: string, images: ImageSet, count: number): { train: ImageSet; test: ImageSet } {
  const [all] = images.shape;
  if (count >= all)
    refuse(`fewer images of ${name} than it has (${all}), so that others are left to test by`, `${count}`);
  const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
  return { train: takeRows(images, rows(0, count)), test: takeRows(images, rows(count, all)) };
}

/** One set of several of one image size. */
export function joinSets(sets: readonly ImageSet[]): ImageSet {
  const [, ...size] = sets[0]!.shape;
  const images = new Uint8Array(sets.reduce((sum, set) => sum + set.images.length, 0));
  let done = 0;
  for (const set of sets) {
    images.set(set.images, done);
    done += set.images.length;
  }
  return { images, shape: [images.length / (size[0] * size[1] * size[2]), ...size] };
}

/** Each image by its pixels. */
function pixelKeys({ images, shape: [count] }: ImageSet): string[] {
  const each = images.length / count;
  const key = (row: number) =>
    createHash('sha256')
      .update(images.subarray(row * each, (row + 1) * each))
      .digest('base64');
  return Array.from({ length: count }, (_, row) => key(row));
}

/** The seen images without those that a test has too, pixel for pixel, and how many these were. */
export function withoutTested(
  seen: ImageSet,
  tested: readonly Pick<StrangeSet, 'images'>[],
): { images: ImageSet; left: number } {
  const keys = new Set(tested.flatMap(({ images }) => pixelKeys(images)));
  const rows = pixelKeys(seen).flatMap((key, row) => (keys.has(key) ? [] : [row]));
  const left = seen.shape[0] - rows.length;
  if (rows.length === 0) refuse('images that no test has', 'none but those');
  return { images: left === 0 ? seen : takeRows(seen, rows), left };
}
