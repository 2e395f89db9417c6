import { readFile, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { ImageSet } from '../datasets/images';
import { ArgumentError, FormatError } from '../errors';

/** Options of {@link readImageList}. */
export interface ImageListOptions {
  /** Height and width that every image is resized to (cubic, without keeping the proportions). Default: all must agree. */
  size?: readonly [height: number, width: number];
  /** Reads the first so many only. */
  limit?: number;
  onProgress?: (done: number, total: number) => void;
}

/** Images decoded at the same time. */
const CONCURRENCY = 8;

async function loadSharp() {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new Error('readImageList: the optional package sharp decodes the images; npm install sharp', { cause });
  }
}

/**
 * Reads images by a list: `images.txt` names the files under `images/`, one a line; JPEG or PNG.
 *
 * Grey images get three equal channels; an alpha channel is removed.
 *
 * @param folder with `images.txt` and `images/`
 * @returns images [N, H, W, 3] and their names, in the order of the list
 * @throws ArgumentError for a name that leaves the folder, or an empty list; FormatError for a file that is no image or,
 *   without `size`, of another size than the first
 * @example
 * const { images, names } = await readImageList('data/tiny_imagenet', { size: [32, 32] });
 */
export async function readImageList(
  folder: string,
  { size, limit, onProgress }: ImageListOptions = {},
): Promise<ImageSet & { names: string[] }> {
  const where = 'readImageList';
  const sharp = await loadSharp();
  const list = join(folder, 'images.txt');
  const lines = (await readFile(list, 'utf8')).split(/\r?\n/).map((line) => line.trim());
  const names = lines.filter((line) => line !== '').slice(0, limit ?? Infinity);
  if (names.length === 0) {
    throw new ArgumentError({ where, what: list, expected: 'one file name a line', received: 'none' });
  }
  const home = await realpath(join(folder, 'images'));

  const decode = async (name: string) => {
    // Links count too: what is read must lie below images/.
    const file = await realpath(join(home, name));
    if (!file.startsWith(home + sep)) {
      throw new ArgumentError({ where, what: list, expected: 'names of files below images/', received: name });
    }
    try {
      const image = sharp(file).removeAlpha().toColourspace('srgb');
      if (size) image.resize(size[1], size[0], { fit: 'fill', kernel: 'cubic' });
      const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
      return { data, shape: [info.height, info.width, info.channels] as const };
    } catch (error) {
      const received = (error as Error).message;
      throw new FormatError({ where, what: file, expected: 'a whole JPEG or PNG image', received }, 0);
    }
  };

  const first = await decode(names[0]!);
  const [height, width, channels] = first.shape;
  const each = height * width * channels;
  const images = new Uint8Array(names.length * each);
  let [next, done] = [0, 0];
  const work = async (): Promise<void> => {
    while (next < names.length) {
      const i = next++;
      const { data, shape } = await decode(names[i]!);
      if (data.length !== each || shape[0] !== height) {
        const expected = `an image of [${first.shape.join(', ')}], as the first (or give a size)`;
        throw new FormatError({ where, what: names[i]!, expected, received: `[${shape.join(', ')}]` }, 0);
      }
      images.set(data, i * each);
      onProgress?.(++done, names.length);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return { images, shape: [names.length, height, width, channels], names };
}
