import { realpath } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import type { ImageSet } from '../../core/images';
import { COUNT, FUNCTION, oneOf } from '../../core/check';
import { ArgumentError, FormatError } from '../../core/errors';
import { readOptions, type Declared } from '../../core/read-options';
import { decodeAll } from './decode-all';
import { decodeImage, IMAGE_SIZE, loadSharp, RESIZE_KERNELS } from './decode-image';
import { readRegularFile } from '../read-regular-file';
import { textLines } from './text-lines';

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

const OPTIONS = {
  size: [IMAGE_SIZE],
  kernel: [oneOf(...RESIZE_KERNELS), 'cubic'],
  limit: [COUNT],
  onProgress: [FUNCTION],
} as const satisfies Declared<ImageListOptions>;

async function namesIn(list: string, limit = Infinity): Promise<string[]> {
  const bytes = await readRegularFile(list).catch((error: Error) => {
    throw new ArgumentError(where, list, 'a text file that names the images', error.message);
  });
  const names = textLines(bytes)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (names.length > 0) return names.slice(0, limit);
  throw new FormatError(where, list, 'one file name a line', 'none');
}

/** The file of a name; links count too: what is read must lie below the folder. */
async function locate(list: string, home: string, line: string): Promise<{ name: string; file: string }> {
  const refuse = (): never => {
    throw new FormatError(where, list, 'names of files below images/', line);
  };
  const parts = line.split(/[\\/]/).filter((part) => part !== '' && part !== '.');
  if (isAbsolute(line) || parts.includes('..') || line.includes('\0')) refuse();
  // As it stands first: a backslash can be part of a name, and a folder images/ can lie in images/.
  const names = [line.replace(/^(\.\/+)+/, ''), parts.join('/')];
  if (parts[0] === 'images') names.push(parts.slice(1).join('/'));
  for (const name of names) {
    const file = await realpath(join(home, name)).catch(() => undefined);
    if (file !== undefined) return file.startsWith(home + sep) ? { name, file } : refuse();
  }
  const file = join(home, names.at(-1)!);
  const cause = await realpath(file).catch((error: Error) => error.message);
  throw new FormatError(where, file, `an image that ${list} names`, cause, 0);
}

/**
 * Reads images by a list: `images.txt` names the files under `images/`, one a line; JPEG or PNG. The list may be UTF-8
 * or UTF-16, with names that begin with `./` or `images/`, or have backslashes.
 *
 * Gray images get three equal channels; an alpha channel is removed; EXIF rotation is not applied. `size` resizes the
 * decoded pixels by a cubic kernel (Catmull-Rom), or a linear one with `kernel: 'linear'`, widened by the factor of
 * reduction, so that nothing aliases; images that have the size already are left as they are.
 *
 * @param folder with `images.txt` and `images/`
 * @returns images [N, H, W, 3] and their names below `images/`, in the order of the list
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
  const { size, limit, kernel, onProgress } = readOptions(where, options, OPTIONS);
  const sharp = await loadSharp(where);
  const list = join(folder, 'images.txt');
  const lines = await namesIn(list, limit);
  const home = await realpath(join(folder, 'images')).catch((error: Error) => {
    throw new ArgumentError(where, folder, 'a folder with images/', error.message);
  });
  const names: string[] = [];
  const set = await decodeAll(where, {
    count: lines.length,
    list,
    nameOf: (i) => join(home, names[i]!),
    onProgress,
    otherwise: 'give a size or a limit',
    async decode(i) {
      const { name, file } = await locate(list, home, lines[i]!);
      names[i] = name;
      return decodeImage(where, sharp, file, { size, kernel });
    },
  });
  return { ...set, names };
}
