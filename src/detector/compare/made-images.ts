import * as tf from '@tensorflow/tfjs-core';
import type { Random } from '../../core/random';
import type { NumberRange } from '../input/number-range';

/** An image as numbers, row by row, with its sides. */
export interface ImagePlane {
  readonly data: Float32Array;
  readonly shape: readonly [height: number, width: number, channels: number];
}

/** A way to make an image of which one may say that no model knows it. */
export interface MadeKind {
  readonly name: string;
  readonly about: string;
  /** Whether what is made depends on the image that it is made of. */
  readonly isOfImage: boolean;
  make(image: ImagePlane, range: NumberRange, random: Random): Float32Array;
}

/** Patches on a side. */
const PATCHES = 4;
/** What is left of the contrast, and how far the brightness moves, of the whole range. */
const [CONTRAST, SHIFT] = [0.25, 0.5];

const meanOf = (data: Float32Array): number => data.reduce((sum, value) => sum + value, 0) / data.length;

/** Patches of the image in another order; what is left over at the right and below stays. */
function shufflePatches({ data, shape: [height, width, channels] }: ImagePlane, _: unknown, random: Random) {
  const [rows, columns] = [Math.min(PATCHES, height), Math.min(PATCHES, width)];
  const [high, wide] = [Math.floor(height / rows), Math.floor(width / columns)];
  const from = random.permutation(rows * columns);
  const made = data.slice();
  from.forEach((source, place) => {
    for (let y = 0; y < high; y++) {
      const at = (patch: number) =>
        ((Math.floor(patch / columns) * high + y) * width + (patch % columns) * wide) * channels;
      made.set(data.subarray(at(source), at(source) + wide * channels), at(place));
    }
  });
  return made;
}

/** Nearer to the image's mean. */
function lowerContrast({ data }: ImagePlane): Float32Array {
  const mean = meanOf(data);
  return data.map((value) => mean + CONTRAST * (value - mean));
}

/** Brighter where the image is dark, darker where it is bright. */
function otherBrightness({ data }: ImagePlane, [low, high]: NumberRange): Float32Array {
  const shift = SHIFT * (high - low) * (meanOf(data) < (low + high) / 2 ? 1 : -1);
  return data.map((value) => Math.min(high, Math.max(low, value + shift)));
}

export const MADE_KINDS: readonly MadeKind[] = [
  {
    name: 'made: uniform noise',
    about: 'each number drawn evenly from what the model takes',
    isOfImage: false,
    make: ({ data }, [low, high], random) => data.map(() => low + (high - low) * random.uniform()),
  },
  {
    name: 'made: shuffled patches',
    about: `held-out images in ${PATCHES} x ${PATCHES} patches, in another order`,
    isOfImage: true,
    make: shufflePatches,
  },
  {
    name: 'made: low contrast',
    about: `held-out images with ${CONTRAST * 100} % of their contrast`,
    isOfImage: true,
    make: lowerContrast,
  },
  {
    name: 'made: other brightness',
    about: 'held-out images, dark ones brighter and bright ones darker by half of the range',
    isOfImage: true,
    make: otherBrightness,
  },
];

/** A block of images [B, H, W, C], as the model takes them, with each one made anew; the caller owns it. */
export async function madeBlock(
  images: tf.Tensor,
  { make }: MadeKind,
  range: NumberRange,
  random: Random,
): Promise<tf.Tensor> {
  const [count = 0, height = 0, width = 0, channels = 0] = images.shape;
  const size = height * width * channels;
  const numbers = await images.data();
  const made = images.dtype === 'int32' ? new Int32Array(count * size) : new Float32Array(count * size);
  for (let row = 0; row < count; row++) {
    const data = Float32Array.from(numbers.subarray(row * size, (row + 1) * size));
    const own = make({ data, shape: [height, width, channels] }, range, random);
    made.set(images.dtype === 'int32' ? own.map(Math.round) : own, row * size);
  }
  return tf.tensor(made, images.shape, images.dtype);
}
