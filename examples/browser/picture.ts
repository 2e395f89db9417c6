import { inkOfImage, mnistImage, type Rgba } from './ink-of-image';
import { toMnistPixels } from './to-mnist-pixels';

const MOST = 112; // a larger picture is made smaller first; a smaller one keeps every pixel

/** Pixels of a picture, as large as it is or as fits 112x112. */
export function pixelsOf(source: CanvasImageSource, width: number, height: number): Rgba {
  const scale = Math.min(1, MOST / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** What the classifier gets of a picture: 784 bytes, or undefined where it is an even surface. */
export const digitOfPicture = (picture: Rgba): Uint8Array | undefined =>
  mnistImage(picture) ?? toMnistPixels(inkOfImage(picture));

/**
 * The first picture among dropped, chosen or pasted files, decoded; an error that a person can read where there is
 * none.
 */
export async function readPicture(files: Iterable<File>): Promise<ImageBitmap> {
  const [file] = files;
  if (!file) throw new Error('There is no file in that.');
  try {
    return await createImageBitmap(file, { colorSpaceConversion: 'none' });
  } catch {
    throw new Error(`${file.name || 'That file'} is no image that this browser reads.`);
  }
}
