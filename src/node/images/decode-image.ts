import type Sharp from 'sharp';
import { FormatError } from '../../core/errors';
import { readRegularFile } from '../read-regular-file';

/** Pixels of one image: [height, width, 3]. */
export interface DecodedImage {
  data: Uint8Array;
  height: number;
  width: number;
}

/** The optional package that decodes and resizes. */
export async function loadSharp(where: string): Promise<typeof Sharp> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    throw new Error(`${where}: images are decoded and encoded by the optional package sharp; npm install sharp`, {
      cause,
    });
  }
}

const JPEG = [0xff, 0xd8, 0xff];
const PNG = [0x89, 0x50, 0x4e, 0x47];
/** Of a kilobyte sharp would make images of up to 268 million pixels; this is as large as cameras make them. */
const MOST_PIXELS = 2 ** 27;

/** What sharp may resize by: Catmull-Rom, or a triangle ("bilinear"); both widened by the factor of reduction. */
export const RESIZE_KERNELS = ['cubic', 'linear'] as const;

/** Decodes a JPEG or PNG file to three channels of a byte, and resizes it. */
export async function decodeImage(
  sharp: typeof Sharp,
  file: string,
  size: readonly [height: number, width: number] | undefined,
  where = 'readImageList',
  kernel: (typeof RESIZE_KERNELS)[number] = 'cubic',
): Promise<DecodedImage> {
  const refuse = (received: string): never => {
    throw new FormatError({ where, what: file, expected: 'a whole JPEG or PNG image', received }, 0);
  };
  const bytes = await readRegularFile(file).catch((error: Error) => refuse(error.message));
  // sharp would read SVG, PDF and more.
  const isKnown = [JPEG, PNG].some((magic) => magic.every((byte, i) => bytes[i] === byte));
  if (!isKnown) refuse(bytes.length === 0 ? 'an empty file' : 'another kind of file');
  try {
    const decoded = sharp(bytes, { limitInputPixels: MOST_PIXELS })
      .toColorspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' });
    const { data, info } = await decoded.toBuffer({ resolveWithObject: true });
    const { height, width } = info;
    if (info.channels !== 3) refuse(`${info.channels} channels`);
    if (!size || (height === size[0] && width === size[1])) return { data, height, width };
    // From the decoded pixels: sharp lets the JPEG decoder do part of a reduction, by a coarser filter than for PNG.
    const resized = sharp(data, { raw: { width, height, channels: 3 } });
    resized.resize(size[1], size[0], { fit: 'fill', kernel });
    return { data: await resized.raw().toBuffer(), height: size[0], width: size[1] };
  } catch (error) {
    return error instanceof FormatError ? Promise.reject(error) : refuse((error as Error).message);
  }
}
