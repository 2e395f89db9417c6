import type { ImageSet } from '../core/images';
import { ArgumentError } from '../core/errors';
import type { Atlas } from './page-data';

/** Turns pixels [height, width, 3] into an image file. */
export type EncodeImage = (
  pixels: Uint8Array,
  width: number,
  height: number,
) => Promise<{ mime: string; bytes: Uint8Array }>;

/** Images of different sizes share cells of this many pixels at most; larger ones are thinned. */
const LARGEST = 64;

/** Copies an image into a cell, by the nearest pixel where sizes differ. */
function paint(
  atlas: Uint8Array,
  atlasWidth: number,
  left: number,
  top: number,
  side: [number, number],
  set: ImageSet,
  row: number,
) {
  const [, height, width, channels] = set.shape;
  const from = row * height * width * channels;
  for (let y = 0; y < side[0]; y++) {
    const sourceY = Math.floor((y * height) / side[0]);
    for (let x = 0; x < side[1]; x++) {
      const source = from + (sourceY * width + Math.floor((x * width) / side[1])) * channels;
      const target = ((top + y) * atlasWidth + left + x) * 3;
      for (let c = 0; c < 3; c++) atlas[target + c] = set.images[source + (channels === 3 ? c : 0)]!;
    }
  }
}

/** In a browser or a worker the canvas writes WebP. */
export async function encodeByCanvas(pixels: Uint8Array, width: number, height: number) {
  if (typeof OffscreenCanvas === 'undefined') {
    const expected = 'a function where there is no canvas (tfjs-ood/node: writeReport brings one)';
    throw new ArgumentError('htmlReport', 'encodeImage', expected, 'none');
  }
  const canvas = new OffscreenCanvas(width, height);
  const image = new ImageData(width, height);
  for (let p = 0; p < width * height; p++) {
    for (let c = 0; c < 3; c++) image.data[4 * p + c] = pixels[3 * p + c]!;
    image.data[4 * p + 3] = 255;
  }
  canvas.getContext('2d')!.putImageData(image, 0, 0);
  const blob = await canvas.convertToBlob({ type: 'image/webp', quality: 0.85 });
  return { mime: blob.type, bytes: new Uint8Array(await blob.arrayBuffer()) };
}

/** The wanted images of some sets in one picture, cell by cell. */
export async function imageAtlas(
  wanted: readonly { images: ImageSet; row: number }[],
  encode: EncodeImage,
): Promise<Atlas | undefined> {
  if (wanted.length === 0) return undefined;
  const largest = (axis: 1 | 2) => Math.min(LARGEST, Math.max(...wanted.map(({ images }) => images.shape[axis])));
  const [height, width] = [largest(1), largest(2)];
  const columns = Math.ceil(Math.sqrt((wanted.length * height) / width));
  const lines = Math.ceil(wanted.length / columns);
  const pixels = new Uint8Array(lines * height * columns * width * 3);
  wanted.forEach(({ images, row }, i) => {
    paint(
      pixels,
      columns * width,
      (i % columns) * width,
      Math.floor(i / columns) * height,
      [height, width],
      images,
      row,
    );
  });
  const { mime, bytes } = await encode(pixels, columns * width, lines * height);
  return { mime, bytes: new Uint8Array(bytes), width, height, columns }; // a Buffer would become JSON in its own way
}
