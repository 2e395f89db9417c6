import type Sharp from 'sharp';
import { listOf, wholeFrom } from '../../core/check';
import { FormatError } from '../../core/errors';
import { pixelsWithChannels } from '../../core/picture-channels';
import { readRegularFile } from '../read-regular-file';
import { plainJpeg } from './plain-jpeg';

/** Pixels of one image: [height, width, 3], or 1 channel where that was asked for. */
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

const JPEG = [0xff, 0xd8];
const PNG = [0x89, 0x50, 0x4e, 0x47];
/** Of a kilobyte sharp would make images of up to 268 million pixels; this is as large as cameras make them. */
export const MOST_PIXELS = 2 ** 27;

/** What sharp may resize by: Catmull-Rom, or a triangle ("bilinear"); both widened by the factor of reduction. */
export const RESIZE_KERNELS = ['cubic', 'linear'] as const;

/** How a picture comes to another proportion: squeezed, or cut evenly on two sides. */
export const RESIZE_FITS = ['fill', 'cover'] as const;

/** What images are resized to: height and width. */
export const IMAGE_SIZE = listOf(2, wholeFrom(1, 4096));

/** What the decoder says of a JPEG whose picture is not whole, though its file may be. */
const DAMAGED = /premature end|bad (huffman|arithmetic) code|instead of RST/i;

/** One message a line, each once: the decoder repeats itself. */
const messageOf = (error: unknown): string => [...new Set((error as Error).message.trim().split('\n'))].join('; ');

/**
 * Pixels of a file. What only deserves a warning, as JPEGs of some phones do, every viewer shows: it is decoded again
 * without heeding those; but the decoder also only warns where half of a picture is missing, and that is refused.
 */
async function pixelsOf(
  sharp: typeof Sharp,
  bytes: Buffer,
  { orient, maxPixels }: { orient: boolean; maxPixels: number },
) {
  const decode = (failOn: 'warning' | 'error', file: Buffer) =>
    sharp(file, { limitInputPixels: maxPixels, failOn, autoOrient: orient })
      .toColorspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
  try {
    return await decode('warning', bytes);
  } catch (error) {
    if (DAMAGED.test(messageOf(error))) throw error;
    const plain = plainJpeg(bytes);
    const seen = plain && (await decode('warning', plain).catch((again: unknown) => messageOf(again)));
    if (typeof seen === 'string' && DAMAGED.test(seen)) throw new Error(seen, { cause: error });
    return typeof seen === 'object' ? seen : decode('error', bytes);
  }
}

/** What {@link decodeImage} makes of a file. */
export interface DecodeOptions {
  /** What errors call it. */
  name?: string;
  size?: readonly [height: number, width: number] | undefined;
  kernel?: (typeof RESIZE_KERNELS)[number];
  fit?: (typeof RESIZE_FITS)[number];
  channels?: 1 | 3;
  /** Turns it as its EXIF orientation says. */
  orient?: boolean;
  maxPixels?: number;
}

/** Decodes a JPEG or PNG file, or its bytes, to channels of a byte, and resizes it. */
export async function decodeImage(
  where: string,
  sharp: typeof Sharp,
  file: string | Uint8Array,
  options: DecodeOptions = {},
): Promise<DecodedImage> {
  const { name = String(file), size, kernel = 'cubic', fit = 'fill', channels = 3 } = options;
  const { orient = false, maxPixels = MOST_PIXELS } = options;
  const refuse = (received: string): never => {
    throw new FormatError(where, name, 'a whole JPEG or PNG image', received, 0);
  };
  const bytes =
    typeof file === 'string'
      ? await readRegularFile(file).catch((error: Error) => refuse(error.message))
      : Buffer.from(file.buffer, file.byteOffset, file.length);
  // sharp would read SVG, PDF and more.
  const isKnown = [JPEG, PNG].some((magic) => magic.every((byte, i) => bytes[i] === byte));
  if (!isKnown) refuse(bytes.length === 0 ? 'an empty file' : 'another kind of file');
  try {
    const { data: colors, info } = await pixelsOf(sharp, bytes, { orient, maxPixels });
    const { height, width } = info;
    if (info.channels !== 3) refuse(`${info.channels} channels`);
    const data = channels === 3 ? colors : pixelsWithChannels(colors, 3, channels);
    if (!size || (height === size[0] && width === size[1])) return { data, height, width };
    // From the decoded pixels: sharp lets the JPEG decoder do part of a reduction, by a coarser filter than for PNG.
    const resized = sharp(data, { raw: { width, height, channels } }).resize(size[1], size[0], { fit, kernel });
    if (channels === 1) resized.toColorspace('b-w');
    return { data: await resized.raw().toBuffer(), height: size[0], width: size[1] };
  } catch (error) {
    if (error instanceof FormatError) throw error;
    const message = messageOf(error);
    if (!/pixel limit/i.test(message)) return refuse(message);
    throw new FormatError(where, name, `a picture of at most ${maxPixels} pixels`, 'one of more');
  }
}
