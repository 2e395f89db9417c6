import { realpath } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import type { ImageSet } from '../../core/images';
import { checkWord } from '../../core/check';
import { ArgumentError, FormatError } from '../../core/errors';
import { checkImageBytes } from './check-image-bytes';
import { decodeImage, loadSharp, RESIZE_KERNELS, type DecodedImage } from './decode-image';
import { readRegularFile } from '../read-regular-file';

/** Options of {@link readImageList}. */
export interface ImageListOptions {
  /** Height and width that every image is resized to, without keeping the proportions. Default: all must agree. */
  size?: readonly [height: number, width: number];
  /** What `size` resizes by: `'cubic'` (Catmull-Rom) or `'linear'` (bilinear). Default `'cubic'`. */
  kernel?: 'cubic' | 'linear';
  /** Reads the first so many only. */
  limit?: number;
  onProgress?: (done: number, total: number) => void;
}

const where = 'readImageList';

/** Images decoded at the same time: as many threads as Node has for it. */
const CONCURRENCY = 4;

function checkOptions({ size, limit, kernel = 'cubic' }: ImageListOptions): void {
  checkWord(where, 'kernel', kernel, RESIZE_KERNELS);
  for (const [what, value] of Object.entries({ 'size[0]': size?.[0], 'size[1]': size?.[1], limit })) {
    if (value === undefined || (Number.isSafeInteger(value) && value > 0)) continue;
    throw new ArgumentError({ where, what, expected: 'a positive integer', received: String(value) });
  }
}

async function namesIn(list: string, limit = Infinity): Promise<string[]> {
  const bytes = await readRegularFile(list).catch((error: Error) => {
    const expected = 'a text file that names the images';
    throw new ArgumentError({ where, what: list, expected, received: error.message });
  });
  const lines = bytes
    .toString()
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/);
  const names = lines.map((line) => line.trim()).filter((line) => line !== '');
  if (names.length > 0) return names.slice(0, limit);
  throw new FormatError({ where, what: list, expected: 'one file name a line', received: 'none' });
}

/** The file of a name; links count too: what is read must lie below the folder. */
async function locate(list: string, home: string, name: string): Promise<string> {
  const refuse = (): never => {
    throw new FormatError({ where, what: list, expected: 'names of files below images/', received: name });
  };
  if (isAbsolute(name) || name.split(/[\\/]/).includes('..') || name.includes('\0')) refuse();
  const file = await realpath(join(home, name)).catch((error: Error) => {
    const expected = `an image that ${list} names`;
    throw new FormatError({ where, what: join(home, name), expected, received: error.message }, 0);
  });
  return file.startsWith(home + sep) ? file : refuse();
}

/**
 * Reads images by a list: `images.txt` names the files under `images/`, one a line; JPEG or PNG.
 *
 * Gray images get three equal channels; an alpha channel is removed; EXIF rotation is not applied. `size` resizes the
 * decoded pixels by a cubic kernel (Catmull-Rom), or a linear one with `kernel: 'linear'`, widened by the factor of
 * reduction, so that nothing aliases; images that have the size already are left as they are.
 *
 * @param folder with `images.txt` and `images/`
 * @returns images [N, H, W, 3] and their names, in the order of the list
 * @throws ArgumentError for a folder without list or images/, or an option out of range; FormatError for an empty list,
 *   a name that leaves the folder, a missing file, one that is no whole image or, without `size`, of another size than
 *   the first, or more than 4 GiB of pixels; Error where sharp is not installed
 * @example
 * const { images, names } = await readImageList('data/tiny_imagenet', { size: [32, 32] });
 */
export async function readImageList(
  folder: string,
  options: ImageListOptions = {},
): Promise<ImageSet & { names: string[] }> {
  checkOptions(options);
  const { size, limit, kernel, onProgress } = options;
  const sharp = await loadSharp('readImageList');
  const list = join(folder, 'images.txt');
  const names = await namesIn(list, limit);
  const home = await realpath(join(folder, 'images')).catch((error: Error) => {
    throw new ArgumentError({ where, what: folder, expected: 'a folder with images/', received: error.message });
  });
  const decode = async (name: string): Promise<DecodedImage> =>
    decodeImage(sharp, await locate(list, home, name), size, where, kernel);

  const first = await decode(names[0]!);
  const { height, width } = first;
  const each = height * width * 3;
  checkImageBytes(where, list, [names.length, height, width], 'give a size or a limit');
  const images = new Uint8Array(names.length * each);
  let [next, done, failed] = [0, 0, false];
  const work = async (): Promise<void> => {
    while (next < names.length && !failed) {
      const i = next++;
      const image = i === 0 ? first : await decode(names[i]!);
      if (image.height !== height || image.width !== width) {
        const expected = `an image of [${height}, ${width}, 3], as the first (or give a size)`;
        const received = `[${image.height}, ${image.width}, 3]`;
        throw new FormatError({ where, what: join(home, names[i]!), expected, received }, 0);
      }
      images.set(image.data, i * each);
      onProgress?.(++done, names.length);
    }
  };
  const stopAll = (error: unknown): never => {
    failed = true;
    throw error;
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, () => work().catch(stopAll)));
  return { images, shape: [names.length, height, width, 3], names };
}
