import { BYTES, check, wholeFrom } from '../core/check';
import { FormatError } from '../core/errors';
import type { LabeledImages } from '../core/images';
import { readOptions } from '../core/read-options';
import { MATLAB_TYPES } from './matlab-elements';
import { CLASS_NAMES, readMatlab, UINT8_CLASS, type MatlabArray } from './read-matlab';
import { INFLATE_OPTIONS, type InflateOptions } from './reader-options';

const SIDE = 32;
const IMAGE = SIDE * SIDE * 3;
const LABEL = wholeFrom(1, 10);

/**
 * [32, 32, 3, N] with the row index running fastest -> [N, 32, 32, 3] with the channel running fastest. An image is one
 * block of both, so that they may be the same memory and an image's worth of it stays in the processor's cache.
 */
function toNhwc(source: Uint8Array, target: Uint8Array): void {
  const image = new Uint8Array(IMAGE);
  for (let base = 0; base < source.length; base += IMAGE) {
    image.set(source.subarray(base, base + IMAGE));
    let from = 0;
    for (let c = 0; c < 3; c++) {
      for (let x = 0; x < SIDE; x++) {
        for (let y = 0, to = base + x * 3 + c; y < SIDE; y++, to += SIDE * 3) target[to] = image[from++]!;
      }
    }
  }
}

/**
 * Reads a file of SVHN's cropped digits (`train_32x32.mat`), a MATLAB 5 file, compressed or not.
 *
 * `X` is [32, 32, 3, N] uint8, `y` is [N, 1] from 1 to 10; digit 0, which is 10 there, becomes 0. Other variables are
 * passed over, of whatever kind. Needs the memory of
 * the images once where the file is compressed, and twice where `inflate` needs it twice.
 *
 * Source: http://ufldl.stanford.edu/housenumbers, format 2.
 *
 * @returns images [N, 32, 32, 3], labels [N] in 0..9
 * @throws FormatError for anything else, with the byte at which it shows
 * @example
 * const { images, labels } = await readSvhn(await readFile('train_32x32.mat'));
 */
export async function readSvhn(bytes: Uint8Array, options: InflateOptions = {}): Promise<LabeledImages> {
  check('readSvhn', 'bytes', bytes, BYTES);
  const where = 'readSvhn';
  const { file, inflate } = readOptions(where, options, INFLATE_OPTIONS);
  const arrays = await readMatlab(where, bytes, file, inflate, ['X', 'y']);
  const refuse = (expected: string, array: MatlabArray | undefined, received?: string): never => {
    const shown = array ? `${CLASS_NAMES[array.arrayClass]} [${array.shape.join(', ')}]` : 'none';
    throw new FormatError(where, file, expected, received ?? shown, array?.offset ?? bytes.length);
  };
  const [x, y] = [arrays.get('X'), arrays.get('y')];
  // MATLAB leaves out a last dimension of 1.
  const [height, width, channels, count = 1] = x?.shape ?? [];
  const isImages =
    x?.arrayClass === UINT8_CLASS &&
    x.type === MATLAB_TYPES.uint8 &&
    x.shape.length <= 4 &&
    height === SIDE &&
    width === SIDE &&
    channels === 3 &&
    count > 0;
  if (!x || !isImages) return refuse('X, uint8 [32, 32, 3, N], one or more', x);
  if (y?.count !== count || y.shape.length !== 2) return refuse(`y [${count}, 1]`, y);

  const numbers = y.numbers((await y.load()).raw);
  const wrong = numbers.findIndex((label) => !LABEL.holds(label));
  if (wrong >= 0) return refuse('labels from 1 to 10', y, `${numbers[wrong]} at index ${wrong}`);
  const labels = Int32Array.from(numbers, (label) => label % 10);
  const { raw, isOwn } = await x.load();
  const images = isOwn ? raw : new Uint8Array(raw.length);
  toNhwc(raw, images);
  return { images, shape: [count, SIDE, SIDE, 3], labels };
}
