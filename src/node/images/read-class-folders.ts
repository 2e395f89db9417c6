import type { LabeledImages } from '../../datasets/index';
import { FLAG } from '../../core/check';
import { ArgumentError, FormatError } from '../../core/errors';
import { readOptions, type Declared } from '../../core/read-options';
import { checkImageBytes } from './check-image-bytes';
import { classesIn, withoutImages } from './class-folders';
import { decodeImage, IMAGE_SIZE, loadSharp } from './decode-image';

/** Options of {@link readClassFolders}. */
export interface ClassFoldersOptions {
  /** Images are resized to [height, width]; without it all must be as large as the first. */
  size?: readonly [height: number, width: number];
  /** With `false` an image of another size than `size` is bad, and none is resized. Default true. */
  resize?: boolean;
  /**
   * Leaves files out that are no whole image or of another size, and says so in `skipped`; otherwise the first one is
   * an error.
   */
  skipBad?: boolean;
  /** Takes the images right below the folder as one class too, named after it. */
  flat?: boolean;
}

const OPTIONS = {
  size: [IMAGE_SIZE],
  resize: [FLAG, true],
  skipBad: [FLAG, false],
  flat: [FLAG, false],
} as const satisfies Declared<ClassFoldersOptions>;

/** A file that was left out, and why. */
export interface SkippedFile {
  file: string;
  reason: string;
}

const where = 'readClassFolders';

/** The classes of a folder, itself the last of them where that is wanted, and what is in none. */
async function listClasses(folder: string, isClass: boolean) {
  const { classes, flat, ignored } = await classesIn(where, folder);
  if (isClass && flat.length > 0) {
    classes.push({ name: folder.split(/[\\/]/).filter(Boolean).at(-1) ?? folder, files: flat });
  }
  if (classes.length > 0) return { classes, ignored: isClass ? ignored : [...ignored, ...flat] };
  const expected = `one with ${isClass ? 'images, or ' : ''}folders of JPEG or PNG images`;
  throw new ArgumentError(
    where,
    'folder',
    expected,
    `${folder}, which has ${withoutImages(isClass ? ignored : [...ignored, ...flat])}`,
  );
}

/**
 * Reads a folder of class folders: each folder in it is a class, named after it, with JPEG or PNG images (.jpg, .jpeg,
 * .png).
 *
 * Gray images get three equal channels; an alpha channel is removed. What is no whole image, or of another size where
 * none is resized, is an error that names the file; with `skipBad` it is left out and listed. Links are followed, of
 * folders and of images: they are yours. What they lead to must be a regular file.
 *
 * @param folder with a folder for each class
 * @returns images [N, H, W, 3], class by class; labels; the names of the classes; `skipped`: bad images that were left
 *   out; `ignored`: files that were not looked at, of other endings or in no class
 * @throws ArgumentError for an option out of its rule, a folder without images, or where all of a class were bad;
 *   FormatError for a bad image, or more than 4 GiB of pixels; Error where sharp is not installed
 * @example
 * const { images, labels, classNames, skipped } = await readClassFolders('photos', { size: [32, 32], skipBad: true });
 */
export async function readClassFolders(
  folder: string,
  options: ClassFoldersOptions = {},
): Promise<LabeledImages & { classNames: string[]; skipped: SkippedFile[]; ignored: string[] }> {
  const { size, resize, skipBad, flat } = readOptions(where, options, OPTIONS);
  const sharp = await loadSharp(where);
  const { classes, ignored } = await listClasses(folder, flat);
  const parts: Uint8Array[] = [];
  const labels: number[] = [];
  const skipped: SkippedFile[] = [];
  const total = classes.reduce((sum, { files }) => sum + files.length, 0);
  let [height, width] = size ?? [0, 0];
  for (const [label, { name, files }] of classes.entries()) {
    const before = labels.length;
    for (const file of files) {
      // Before they fill the memory; bad ones that were left out do not count.
      checkImageBytes(where, folder, [total - skipped.length, height, width], 'give a smaller size');
      try {
        const image = await decodeImage(where, sharp, file, { size: resize ? size : undefined });
        if (height === 0) [height, width] = [image.height, image.width];
        if (image.height !== height || image.width !== width) {
          const expected = `an image of [${height}, ${width}, 3]${size ? '' : ', as the first (or give a size)'}`;
          throw new FormatError(where, file, expected, `[${image.height}, ${image.width}, 3]`);
        }
        parts.push(image.data);
        labels.push(label);
      } catch (error) {
        if (!skipBad || !(error instanceof FormatError)) throw error;
        skipped.push({ file, reason: `expected ${error.details.expected}, got ${error.details.received}` });
      }
    }
    if (labels.length > before) continue;
    throw new ArgumentError(where, 'folder', `a good image of class ${name}`, 'bad ones only');
  }
  const each = height * width * 3;
  const images = new Uint8Array(parts.length * each);
  parts.forEach((part, i) => images.set(part, i * each));
  return {
    images,
    shape: [parts.length, height, width, 3],
    labels: Int32Array.from(labels),
    classNames: classes.map(({ name }) => name),
    skipped,
    ignored,
  };
}
