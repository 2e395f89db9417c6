import type { ImageSet } from '../../core/images';
import { COUNT, LIST, type Rule } from '../../core/check';
import { ArgumentError, ShapeError } from '../../core/errors';
import { checkLabels } from '../../core/labels';
import { readOptions } from '../../core/read-options';
import { decodeAll } from './decode-all';
import { decodeImage, loadSharp } from './decode-image';
import { listIn } from './list-pictures';
import { checkFiles, fileName, pictureRules, type PictureFile, type PictureOptions } from './read-pictures';

/** Options of {@link pictureBlocks}. */
export interface PictureBlocksOptions extends PictureOptions {
  /** Pictures of a block; only those of one are in memory. Default 64. */
  blockSize?: number;
  /** Class index of each file, for a list of files; a folder says them by its folders. */
  labels?: ArrayLike<number>;
}

/** Some pictures [B, H, W, C], and their class indices [B] where they have classes. */
export interface PictureBlock extends ImageSet {
  readonly labels?: Int32Array;
  /** Names of all classes, where a folder has them. */
  readonly classNames?: readonly string[];
}

/** Files, and what is known of their classes. */
interface Listed {
  files: readonly PictureFile[];
  labels?: Int32Array;
  classNames?: readonly string[];
}

const where = 'pictureBlocks';

const ARRAY: Rule = { ...LIST, holds: (value: unknown) => LIST.holds(value as never) || ArrayBuffer.isView(value) };

/** A list of files as it was given, with labels of the same length. */
function listGiven(files: readonly PictureFile[], labels: ArrayLike<number> | undefined): Listed {
  checkFiles(where, files);
  if (labels === undefined) return { files: [...files] };
  const indices = checkLabels(where, labels);
  if (indices.length === files.length) return { files: [...files], labels: indices };
  throw new ShapeError(where, 'labels', `[${files.length}], one for each file`, `[${indices.length}]`);
}

/**
 * Reads pictures in blocks, each when it is asked for, so that they are never in memory together: JPEG or PNG, as
 * {@link readPictures} does.
 *
 * It can be gone through any number of times; the files are read anew each time, and a folder is listed anew. What is
 * wrong with a file shows when its block is read.
 *
 * @param files paths or bytes; or a folder: with a folder for each class (as `readClassFolders` has it; the blocks have
 *   labels and class names), or with images right below it (without labels)
 * @returns blocks of images [B, H, W, channels], with labels [B] where there are any; B is `blockSize`, in the last
 *   block what is left
 * @throws ArgumentError at once for an empty list, what is neither path nor bytes, an option out of its rule, labels
 *   for a folder; ShapeError for labels of another number. In the loop ArgumentError for a folder without images or
 *   with both kinds; FormatError that names the file and its index for what is no whole image, or, without `size`, is
 *   of another size than the first; Error where sharp is not installed
 * @example
 * const seen: unknown[] = [];
 * for await (const { shape, labels, classNames } of pictureBlocks('signs', { size: [224, 224], blockSize: 1 })) {
 *   seen.push(shape[0], classNames![labels![0]!]);
 * }
 * console.log(seen); // [1, 'stop', 1, 'yield']
 */
export function pictureBlocks(
  files: string | readonly PictureFile[],
  options: PictureBlocksOptions = {},
): AsyncIterable<PictureBlock> {
  const { blockSize, labels, ...made } = readOptions(where, options, {
    ...pictureRules(),
    blockSize: [COUNT, 64],
    labels: [ARRAY],
  });
  const isFolder = typeof files === 'string';
  if (isFolder && labels !== undefined)
    throw new ArgumentError(where, 'labels', 'left out: a folder says them by its folders', labels);
  const given = isFolder ? undefined : listGiven(files, labels);
  return {
    async *[Symbol.asyncIterator]() {
      const sharp = await loadSharp(where);
      const { files: all, labels: own, classNames } = given ?? (await listIn(where, files as string));
      let { size } = made;
      for (let start = 0; start < all.length; start += blockSize) {
        const count = Math.min(blockSize, all.length - start);
        const block = await decodeAll(where, {
          count,
          size,
          list: 'files',
          channels: made.channels,
          nameOf: (i) => fileName(all[start + i]!, start + i),
          decode: (i) => {
            const file = all[start + i]!;
            return decodeImage(where, sharp, file, { ...made, name: fileName(file, start + i) });
          },
          otherwise: 'give a smaller size or blockSize',
        });
        size ??= [block.shape[1], block.shape[2]];
        yield {
          ...block,
          ...(own && { labels: own.slice(start, start + count) }),
          ...(classNames && { classNames }),
        };
      }
    },
  };
}
