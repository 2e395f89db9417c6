import { basename, resolve } from 'node:path';
import type { ImageSet } from 'tfjs-ood/datasets';
import type { PictureOptions } from 'tfjs-ood/node';
import { CliError } from '../cli-error';
import type { Session } from '../session';
import { checkFolder } from './paths';

/** Files of pictures, and the class names that their folders say. */
export interface PictureFiles {
  /** How it was given: `--known`. */
  readonly option: string;
  readonly name: string;
  readonly files: readonly string[];
  /** The name of the class of each file, where the folder has class folders. */
  readonly labels: readonly string[] | undefined;
}

/** What a picture becomes. */
export interface PictureSize {
  readonly size: readonly [height: number, width: number] | undefined;
  readonly resize: 'fill' | 'cover';
  readonly channels: number | undefined;
}

/** What lists or reads was asked of {@link listPictures} and others, as a person gave it. */
function named(option: string, error: unknown): unknown {
  const { details } = error as { details?: { what: string; expected: string; received: string } };
  if (details?.what !== 'folder') return error;
  return new CliError(`${option}: must be ${details.expected}, got ${details.received}`);
}

/** The pictures of a folder. */
export async function picturesIn(option: string, folder: string): Promise<PictureFiles> {
  await checkFolder(option, folder);
  const { listPictures } = await import('tfjs-ood/node');
  try {
    const { files, labels, classNames } = await listPictures(folder);
    const names = labels && classNames && Array.from(labels, (label) => classNames[label]!);
    return { option, name: basename(resolve(folder)), files, labels: names };
  } catch (error) {
    throw named(option, error);
  }
}

/** Pictures beyond this are read block by block. */
const MOST_BYTES = 2 ** 30;

/** Whether the pixels of so many pictures, of the size that they get, may all lie in memory. */
export const fitsMemory = ({ files }: PictureFiles, { size, channels = 3 }: PictureSize): boolean =>
  size === undefined || files.length * size[0] * size[1] * channels <= MOST_BYTES;

/** Pictures that were read, and of which files. */
export interface ReadPictures extends ImageSet {
  readonly files: readonly string[];
}

/** What is told while pictures are read. */
interface Readings {
  each?: (done: number) => void;
  /** With it a file that is no whole picture is left out. */
  bad?: ((error: CliError) => void) | undefined;
}

/** Reads one picture after the other, so that a stop is heard between any two. */
export async function readEach(
  files: readonly string[],
  { size, resize, channels }: PictureSize,
  { signal }: Pick<Session, 'signal'>,
  { each = () => undefined, bad }: Readings = {},
): Promise<ReadPictures> {
  if (channels !== undefined && channels !== 1 && channels !== 3) {
    throw new CliError(`--model: takes ${channels} channels, and pictures have 3 or, gray, 1`);
  }
  const { readPictures } = await import('tfjs-ood/node');
  // Resized as the detector itself resizes: by a triangle as wide as the reduction.
  const options: PictureOptions = {
    ...(size && { size, fit: resize, kernel: 'linear' }),
    ...(channels && { channels }),
  };
  let images = new Uint8Array();
  let first: ImageSet['shape'] | undefined;
  const read: string[] = [];
  for (const [i, file] of files.entries()) {
    signal.throwIfAborted();
    const own = await readPictures([file], options).catch((error: unknown) => unlessBad(file, error, bad));
    each(i + 1);
    if (!own) continue;
    const { shape } = own;
    if (!first) {
      first = shape;
      images = new Uint8Array(own.images.length * files.length);
    } else if (shape.some((side, at) => side !== first![at])) {
      const [a, b] = [shape, first].map((sides) => `${sides[1]} x ${sides[2]}`);
      throw new CliError(`${file} is ${a}, and ${read[0]} ${b}: give --size, and all are resized`);
    }
    images.set(own.images, own.images.length * read.length);
    read.push(file);
  }
  const [, height, width, depth] = first ?? [0, 0, 0, 0];
  const shape = [read.length, height, width, depth] as const;
  return { images: images.subarray(0, read.length * height * width * depth), shape, files: read };
}

/** An error about one file, which was the first of one; it is left out where somebody takes it. */
function unlessBad(file: string, error: unknown, bad: Readings['bad']): undefined {
  const { details } = error as { details?: { what: string; expected: string; received: string } };
  if (!details?.what.startsWith('files[0]')) throw error;
  const shown = new CliError(`${file} must be ${details.expected}, got ${details.received}`);
  if (!bad) throw shown;
  bad(shown);
}

/** All pictures of a set in memory, with a progress of its own. */
export async function readAll(set: PictureFiles, size: PictureSize, session: Session): Promise<ImageSet> {
  session.progress.start(`Reading ${set.name}`, set.files.length);
  return readEach(set.files, size, session, { each: (done) => session.progress.update(done) });
}

/** A block of a set. */
export interface ReadBlock extends ReadPictures {
  readonly labels?: readonly string[];
  /** How many files of the set are done with, bad ones too. */
  readonly done: number;
}

/** A set block by block; those that have labels must all be good. */
export async function* readBlocks(
  { files, labels }: Pick<PictureFiles, 'files' | 'labels'>,
  size: PictureSize,
  session: Pick<Session, 'signal'>,
  { blockSize = 32, bad }: { blockSize?: number; bad?: Readings['bad'] } = {},
): AsyncGenerator<ReadBlock> {
  for (let from = 0; from < files.length; from += blockSize) {
    const asked = files.slice(from, from + blockSize);
    const block = await readEach(asked, size, session, { bad });
    yield { ...block, done: from + asked.length, ...(labels && { labels: labels.slice(from, from + blockSize) }) };
  }
}
