import { FormatError } from '../errors';
import type { LabelledImages } from './images';
import { streamInflate } from './inflate';
import type { InflateOptions } from './read-idx';
import { readMatlab, type MatlabArray } from './read-matlab';

const PIXELS = 32 * 32;
/** Pixels of so many images at a time keep what is read and what is written in the processor's cache. */
const BLOCK = 8;

/** [32, 32, 3, N] with the row index running fastest -> [N, 32, 32, 3] with the channel running fastest. */
function toNhwc(source: Uint8Array, count: number): Uint8Array {
  const images = new Uint8Array(count * PIXELS * 3);
  for (let first = 0; first < count; first += BLOCK) {
    const end = Math.min(first + BLOCK, count);
    for (let n = first; n < end; n++) {
      const base = n * PIXELS * 3;
      let from = base;
      for (let c = 0; c < 3; c++) {
        for (let x = 0; x < 32; x++) {
          for (let y = 0; y < 32; y++) images[base + (y * 32 + x) * 3 + c] = source[from++]!;
        }
      }
    }
  }
  return images;
}

/**
 * Reads a file of SVHN's cropped digits (`train_32x32.mat`), a MATLAB 5 file, compressed or not.
 *
 * `X` is [32, 32, 3, N] uint8, `y` is [N, 1]; digit 0, which is 10 there, becomes 0.
 *
 * Source: http://ufldl.stanford.edu/housenumbers, format 2.
 *
 * @returns images [N, 32, 32, 3], labels [N] in 0..9
 * @throws FormatError for anything else, with the byte at which it shows
 * @example
 * const { images, labels } = await readSvhn(await readFile('train_32x32.mat'));
 */
export async function readSvhn(bytes: Uint8Array, options: InflateOptions = {}): Promise<LabelledImages> {
  const where = 'readSvhn';
  const { file = 'bytes', inflate = streamInflate } = options;
  const arrays = await readMatlab(where, bytes, file, inflate);
  const refuse = (expected: string, received: string): never => {
    throw new FormatError({ where, what: file, expected, received }, 128);
  };
  const shown = (array: MatlabArray | undefined) =>
    array ? `${array.data.constructor.name} [${array.shape.join(', ')}]` : 'none';
  const [x, y] = [arrays.get('X'), arrays.get('y')];
  // MATLAB leaves out a last dimension of 1.
  const [height, width, channels, count = 1] = x?.shape ?? [];
  const isImages =
    x?.data instanceof Uint8Array && height === 32 && width === 32 && channels === 3 && x.shape.length <= 4;
  if (!x || !isImages) return refuse('X, uint8 [32, 32, 3, N]', shown(x));
  if (y?.data.length !== count) return refuse(`y [${count}, 1]`, shown(y));
  const labels = Int32Array.from(y.data, (label) => (label === 10 ? 0 : label));
  y.data.forEach((label, i) => {
    if (!Number.isInteger(label) || label < 0 || label > 10) refuse('labels from 1 to 10', `${label} at index ${i}`);
  });
  return { images: toNhwc(x.data as Uint8Array, count), shape: [count, 32, 32, 3], labels };
}
