import { ArgumentError, ShapeError } from '../../core/errors';
import { pixelsWithChannels, type ChannelCount } from '../../core/picture-channels';
import { drawnPixels } from './drawn-pixels';

/** What has the bytes of its pixels, row by row, of 1 to 4 channels: ImageData, or a decoded file of pngjs, jpeg-js. */
export interface PixelBytes {
  readonly data: Uint8ClampedArray | Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What sharp gives: `raw().toBuffer({ resolveWithObject: true })`. */
export interface SharpPixels {
  readonly data: Uint8Array;
  readonly info: { readonly width: number; readonly height: number; readonly channels: number };
}

/** HTMLCanvasElement, OffscreenCanvas. */
export interface CanvasPicture {
  readonly width: number;
  readonly height: number;
  getContext(kind: '2d'): unknown;
}

/** HTMLImageElement. */
export interface ImgPicture {
  readonly naturalWidth: number;
  readonly naturalHeight: number;
  decode(): Promise<void>;
}

/** HTMLVideoElement: its current frame. */
export interface VideoPicture {
  readonly videoWidth: number;
  readonly videoHeight: number;
  readonly readyState: number;
}

/** ImageBitmap. */
export interface BitmapPicture {
  readonly width: number;
  readonly height: number;
  close(): void;
}

/** VideoFrame. */
export interface FramePicture {
  readonly displayWidth: number;
  readonly displayHeight: number;
  close(): void;
}

/** Blob, File: the bytes of an image file. */
export interface FilePicture {
  readonly size: number;
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
}

/** One picture, as a page or a decoder has it; known by its parts, for a frame has classes of its own. */
export type Picture =
  PixelBytes | SharpPixels | CanvasPicture | ImgPicture | VideoPicture | BitmapPicture | FramePicture | FilePicture;

/** Pixels of one picture: [height, width, channels]. */
export interface PicturePixels {
  data: Uint8Array;
  height: number;
  width: number;
}

type Kind = 'bytes' | 'canvas' | 'img' | 'video' | 'bitmap' | 'frame' | 'file';

/** All that any kind of picture may have. */
type Parts = Partial<
  Omit<PixelBytes, 'data'> & SharpPixels & VideoPicture & ImgPicture & FramePicture & FilePicture & CanvasPicture
> & { readonly colorSpace?: string };

/** What HTMLMediaElement calls HAVE_CURRENT_DATA. */
const HAS_FRAME = 2;

/** The name of a value's class, from whatever frame it comes. */
const classOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

const isFunction = (value: unknown): boolean => typeof value === 'function';
const isNumber = (value: unknown): boolean => typeof value === 'number';

function kindOf(value: unknown): Kind | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const it = value as Parts;
  const sized = it.info ?? it;
  const hasSize = isNumber(sized.width) && isNumber(sized.height);
  if (ArrayBuffer.isView(it.data) && hasSize) return 'bytes';
  if (isFunction(it.decode) && isNumber(it.naturalWidth)) return 'img';
  if (isNumber(it.videoWidth) && isNumber(it.readyState)) return 'video';
  if (isFunction(it.close) && isNumber(it.displayWidth)) return 'frame';
  if (isFunction(it.arrayBuffer) && isNumber(it.size) && typeof it.type === 'string') return 'file';
  if (!hasSize) return undefined;
  return isFunction(it.getContext) ? 'canvas' : isFunction(it.close) ? 'bitmap' : undefined;
}

/** Whether something is one picture, of a kind that {@link picturePixels} reads; it may be broken. */
export function isPicture(value: unknown): value is Picture {
  return kindOf(value) !== undefined;
}

/** The bytes of what has them already, and how many channels they are. */
function givenPixels(where: string, what: string, picture: PixelBytes | SharpPixels) {
  const { data, info, colorSpace = 'srgb' } = picture as Parts & PixelBytes;
  const { width, height } = info ?? (picture as PixelBytes);
  const type = classOf(data);
  if (!['Uint8ClampedArray', 'Uint8Array'].includes(type))
    throw new ArgumentError(where, `${what}.data`, 'a Uint8ClampedArray or Uint8Array, 0 to 255', type);
  if (colorSpace !== 'srgb') throw new ArgumentError(where, `${what}.colorSpace`, 'srgb', colorSpace);
  const from = data.length / (width * height);
  const isCount = Number.isInteger(from) && from >= 1 && from <= 4 && width > 0 && Number.isInteger(width);
  if (isCount && Number.isInteger(height) && (info?.channels ?? from) === from)
    return { data, from: from as ChannelCount, width, height };
  const channels = info ? String(info.channels) : '1 to 4';
  const expected = `height x width x ${channels} bytes${info ? ' (of sharp: raw() with a depth of uchar)' : ''}`;
  throw new ShapeError(where, `${what}.data`, expected, `${data.length} bytes for ${height} x ${width}`);
}

/** What can be drawn at once: an img when it is loaded, of a file what it shows. */
async function loaded(where: string, what: string, kind: 'img' | 'file', picture: ImgPicture | FilePicture) {
  const refuse = (received: string, cause: unknown): never => {
    throw Object.assign(new ArgumentError(where, what, 'an image that can be decoded', received), { cause });
  };
  if (kind === 'img') {
    const given = picture as HTMLImageElement;
    // A lazy one far down the page never loads: a copy does, and the page keeps what it has.
    const waits = given.loading === 'lazy' && !given.complete;
    const img = waits ? Object.assign(given.cloneNode() as HTMLImageElement, { loading: 'eager' }) : given;
    await img.decode().catch((cause: Error) => refuse(`an img that is broken or has no source (${img.src})`, cause));
    return img;
  }
  const file = picture as Blob;
  if (!isFunction(globalThis.createImageBitmap)) {
    const expected = 'pixels where there is no createImageBitmap (in Node: readPictures of tfjs-ood/node)';
    throw new ArgumentError(where, what, expected, classOf(file));
  }
  const named = `a ${classOf(file)} of type ${file.type || 'none'}, ${file.size} bytes`;
  return createImageBitmap(file).catch((cause: Error) => refuse(named, cause));
}

/** Height and width in pixels, which each kind names in its own way. */
function sizeOf(kind: Kind, picture: object): [height: number, width: number] {
  const it = picture as Required<Parts>;
  if (kind === 'img') return [it.naturalHeight, it.naturalWidth];
  if (kind === 'video') return [it.videoHeight, it.videoWidth];
  return kind === 'frame' ? [it.displayHeight, it.displayWidth] : [it.height, it.width];
}

/**
 * Pixels of one picture as bytes, of the size that it has: ImageData and what is like it, the result of sharp, a
 * canvas, an img (when it is loaded), the current frame of a video, an ImageBitmap, a VideoFrame, or the Blob or File
 * of an image. In a page or a worker; in Node what has its pixels already.
 *
 * Color becomes gray by luma, gray three equal channels (see {@link pixelsWithChannels}). Alpha is dropped: the colors
 * are those before they were multiplied by it, as `getImageData` tells them; below an alpha of 0 a canvas has black.
 * Files and imgs are turned as their EXIF orientation says; of moving pictures the first or current frame counts. What
 * has its pixels at the call (all but Blob and img) is read at the call, whatever is painted on it later.
 *
 * @param channels 1, 3, or 4 with alpha
 * @param what what errors call the picture
 * @throws ArgumentError for what is no picture, cannot be decoded, has no frame or is wholly transparent, and where the
 *   browser forbids to read pixels of another origin; ShapeError where the bytes are not height x width x channels
 */
export async function picturePixels(
  where: string,
  picture: Picture,
  channels: number,
  what = 'picture',
): Promise<PicturePixels> {
  const kind = kindOf(picture);
  if (kind === undefined) {
    const kinds = 'a picture (ImageData, canvas, img, video, ImageBitmap, VideoFrame, Blob, or what sharp gives)';
    throw new ArgumentError(where, what, kinds, picture);
  }
  if (channels !== 1 && channels !== 3 && channels !== 4)
    throw new ArgumentError(where, what, `an array or tensor of ${channels} channels`, 'a picture, of 1, 3 or 4');
  if (kind === 'bytes') {
    const { data, from, ...size } = givenPixels(where, what, picture as PixelBytes);
    return { data: pixelsWithChannels(data, from, channels), ...size };
  }
  if (kind === 'video' && (picture as VideoPicture).readyState < HAS_FRAME)
    throw new ArgumentError(
      where,
      what,
      'a video with a frame (wait for its loadeddata event)',
      'one that has none yet',
    );
  const isLate = kind === 'img' || kind === 'file';
  const source = isLate ? await loaded(where, what, kind, picture as ImgPicture) : picture;
  try {
    const [height, width] = sizeOf(kind, source);
    const data = drawnPixels(where, what, source as CanvasImageSource, [height, width]);
    return { data: channels === 4 ? data : pixelsWithChannels(data, 4, channels), height, width };
  } finally {
    if (kind === 'file') (source as ImageBitmap).close();
  }
}
