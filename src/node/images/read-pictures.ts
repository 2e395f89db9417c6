import type { ImageSet } from '../../core/images';
import { COUNT, FLAG, FUNCTION, oneOf, wholeFrom, type Rule } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { readOptions } from '../../core/read-options';
import { decodeAll } from './decode-all';
import { decodeImage, IMAGE_SIZE, loadSharp, MOST_PIXELS, RESIZE_FITS, RESIZE_KERNELS } from './decode-image';

/** A JPEG or PNG file: its path, or its bytes. */
export type PictureFile = string | Uint8Array;

/** How {@link readPictures} and `pictureBlocks` make of a file what a model takes. */
export interface PictureOptions {
  /** Height and width that every picture is resized to. Default: all must agree. */
  size?: readonly [height: number, width: number];
  /**
   * What happens to other proportions than those of `size`: `'fill'` squeezes the whole picture into it, `'cover'`
   * cuts off evenly on two sides. Default `'fill'`.
   */
  fit?: 'fill' | 'cover';
  /** What `size` resizes by: `'cubic'` (Catmull-Rom) or `'linear'` (bilinear). Default `'cubic'`. */
  kernel?: 'cubic' | 'linear';
  /**
   * 1 makes gray of color (the luma of ITU-R BT.601, as Pillow's `convert('L')`), 3 three equal channels of gray.
   * Default 3.
   */
  channels?: 1 | 3;
  /** Turns pictures as their EXIF orientation says, as browsers do. Default true. */
  orient?: boolean;
  /** Refuses a picture of more pixels before it is decoded. Default 134,217,728. */
  maxPixels?: number;
}

/** Options of {@link readPictures}. */
export interface ReadPicturesOptions extends PictureOptions {
  /** Reads the first so many only. */
  limit?: number;
  onProgress?: (done: number, total: number) => void;
}

/** The rules of what becomes of a file. */
export const pictureRules = () =>
  ({
    size: [IMAGE_SIZE],
    fit: [oneOf(...RESIZE_FITS), 'fill'],
    kernel: [oneOf(...RESIZE_KERNELS), 'cubic'],
    channels: [oneOf(1, 3), 3],
    orient: [FLAG, true],
    maxPixels: [wholeFrom(1, MOST_PIXELS), MOST_PIXELS],
  }) as const;

const FILES: Rule = {
  expected: 'a list of paths or bytes (Uint8Array) of JPEG or PNG files, at least one',
  holds: (files: unknown) =>
    Array.isArray(files) &&
    files.length > 0 &&
    files.every((file) => typeof file === 'string' || file instanceof Uint8Array),
};

/** Throws unless there is a file, and each is a path or bytes. */
export function checkFiles(where: string, files: readonly PictureFile[]): void {
  if (FILES.holds(files as never)) return;
  const odd = Array.isArray(files) ? files.findIndex((file) => !FILES.holds([file] as never)) : -1;
  const received = odd >= 0 ? `${typeof files[odd]} at index ${odd}` : Array.isArray(files) ? 'none' : typeof files;
  throw new ArgumentError(where, 'files', FILES.expected, received);
}

/** What errors call a file: its index among all, and its path where it has one. */
export const fileName = (file: PictureFile, index: number): string =>
  typeof file === 'string' ? `files[${index}] (${file})` : `files[${index}]`;

/**
 * Reads pictures from files or their bytes, JPEG or PNG, as what a detector takes.
 *
 * They are turned as their EXIF orientation says, become color (or gray), and then, where there is a `size`, are
 * resized by a kernel that is widened by the factor of reduction. Alpha is removed; the colors below it stay.
 *
 * @param files paths, or bytes
 * @returns images [N, H, W, channels], in the order of the files
 * @throws ArgumentError for an empty list, what is neither path nor bytes, and an option out of its rule; FormatError
 *   that names the file and its index for what is no whole image, or, without `size`, has another size than the first,
 *   and for more than 4 GiB of pixels; Error where sharp is not installed
 * @example
 * const { images, shape } = await readPictures(['signs/stop/one.png'], { size: [224, 224], fit: 'cover' });
 * console.log(shape, images.length); // [1, 224, 224, 3], 150528
 */
export async function readPictures(
  files: readonly PictureFile[],
  options: ReadPicturesOptions = {},
): Promise<ImageSet> {
  const where = 'readPictures';
  const {
    limit = Infinity,
    onProgress,
    ...made
  } = readOptions(where, options, {
    ...pictureRules(),
    limit: [COUNT],
    onProgress: [FUNCTION],
  });
  checkFiles(where, files);
  const taken = files.slice(0, limit);
  const sharp = await loadSharp(where);
  return decodeAll(where, {
    count: taken.length,
    list: 'files',
    channels: made.channels,
    nameOf: (i) => fileName(taken[i]!, i),
    decode: (i) => decodeImage(where, sharp, taken[i]!, { ...made, name: fileName(taken[i]!, i) }),
    otherwise: 'give a smaller size or a limit, or take pictureBlocks',
    onProgress,
  });
}
