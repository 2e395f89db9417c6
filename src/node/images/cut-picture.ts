import type { ImageSet } from '../../core/images';
import { check, oneOf, required, type Rule } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { readOptions } from '../../core/read-options';
import type { PictureBox } from '../../datasets/index';
import { checkImageBytes } from './check-image-bytes';
import { decodeImage, IMAGE_SIZE, loadSharp, RESIZE_KERNELS, type DecodedImage } from './decode-image';
import { checkFiles, fileName, type PictureFile } from './read-pictures';

/** Options of {@link cutPicture}. */
export interface CutPictureOptions {
  /** Height and width that each part is resized to. */
  size: readonly [height: number, width: number];
  /** What resizes: `'cubic'` (Catmull-Rom) or `'linear'` (bilinear). Default `'cubic'`. */
  kernel?: 'cubic' | 'linear';
}

const BOX_LIST: Rule = { expected: 'a list of { left, top, right, bottom }', holds: Array.isArray };

/** Rounds a box to whole pixels of the picture; at least one. @throws ArgumentError for one outside */
function wholeBox(where: string, what: string, box: PictureBox, { height, width }: DecodedImage) {
  const edges = [box?.left, box?.top, box?.right, box?.bottom];
  const left = Math.max(0, Math.round(box?.left));
  const top = Math.max(0, Math.round(box?.top));
  const right = Math.min(width, Math.max(left + 1, Math.round(box?.right)));
  const bottom = Math.min(height, Math.max(top + 1, Math.round(box?.bottom)));
  const isBox = edges.every(Number.isFinite) && box.left < box.right && box.top < box.bottom;
  if (isBox && left < right && top < bottom && box.right > 0 && box.bottom > 0) {
    return { left, top, width: right - left, height: bottom - top };
  }
  const expected = `{ left, top, right, bottom } that reaches into a picture of ${height} x ${width}`;
  throw new ArgumentError(where, what, expected, box);
}

/** Cuts parts out of one picture that is decoded. */
export async function cutDecoded(
  where: string,
  picture: DecodedImage,
  boxes: readonly PictureBox[],
  { size: [height, width], kernel = 'cubic' }: CutPictureOptions,
): Promise<Uint8Array> {
  const sharp = await loadSharp(where);
  const each = height * width * 3;
  const images = new Uint8Array(boxes.length * each);
  for (const [i, box] of boxes.entries()) {
    const raw = { width: picture.width, height: picture.height, channels: 3 } as const;
    const part = sharp(picture.data, { raw }).extract(wholeBox(where, `boxes[${i}]`, box, picture));
    images.set(await part.resize(width, height, { fit: 'fill', kernel }).raw().toBuffer(), i * each);
  }
  return images;
}

/**
 * Cuts parts out of a picture, JPEG or PNG: the signs of a street by their boxes, or what lies beside them
 * (`placesBeside`).
 *
 * Edges are rounded to whole pixels and end with the picture. EXIF rotation is not applied: boxes are of pixels as they
 * stand in the file.
 *
 * @param file path or bytes
 * @returns images [N, H, W, 3], one a box
 * @throws ArgumentError for a box outside the picture; FormatError for what is no whole image; Error where sharp is not
 *   installed
 * @example
 * const boxes = [{ left: 0, top: 0, right: 4, bottom: 4 }];
 * const { shape } = await cutPicture('signs/stop/one.png', boxes, { size: [32, 32] }); // [1, 32, 32, 3]
 */
export async function cutPicture(
  file: PictureFile,
  boxes: readonly PictureBox[],
  options: CutPictureOptions,
): Promise<ImageSet> {
  const where = 'cutPicture';
  const { size, kernel } = readOptions(where, options, {
    size: [required(IMAGE_SIZE)],
    kernel: [oneOf(...RESIZE_KERNELS), 'cubic'],
  });
  checkFiles(where, [file]);
  check(where, 'boxes', boxes, BOX_LIST);
  checkImageBytes(where, 'boxes', [boxes.length, ...size], 'cut fewer, or smaller ones');
  const picture = await decodeImage(where, await loadSharp(where), file, { name: fileName(file, 0) });
  return { images: await cutDecoded(where, picture, boxes, { size, kernel }), shape: [boxes.length, ...size, 3] };
}
