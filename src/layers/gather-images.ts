import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError, ShapeError } from '../errors';

/** Images as bytes, [N, H, W, C] row by row. */
export interface ImageSet {
  readonly images: Uint8Array;
  readonly shape: readonly [n: number, height: number, width: number, channels: number];
}

/** Throws a ShapeError if the bytes are not N * H * W * C of them. */
export function checkImageSet(where: string, { images, shape }: ImageSet): void {
  const size = shape.reduce((product, length) => product * length, 1);
  if (shape.length !== 4 || size !== images.length) {
    const expected = `[N, H, W, C] of its ${images.length} bytes`;
    throw new ShapeError({ where, what: 'shape of the image set', expected, received: `[${shape.join(', ')}]` });
  }
}

/**
 * The images with these row numbers, in this order and as often as named: [B, H, W, C] float32 in [0, 1] (byte / 255).
 * The caller owns the tensor.
 *
 * @throws ShapeError if the set's bytes do not fit its shape
 * @throws ArgumentError if an index is no row of the set
 * @example
 * const batch = gatherImages(train, [5, 0, 7]); // a tensor [3, H, W, C]
 */
export function gatherImages(set: ImageSet, indices: ArrayLike<number>): tf.Tensor4D {
  checkImageSet('gatherImages', set);
  const [n, height, width, channels] = set.shape;
  const size = height * width * channels;
  const values = new Float32Array(indices.length * size);
  for (let row = 0; row < indices.length; row++) {
    const index = indices[row]!;
    if (!(Number.isInteger(index) && index >= 0 && index < n)) {
      const [what, expected] = [`indices[${row}]`, `an integer in [0, ${n})`];
      throw new ArgumentError({ where: 'gatherImages', what, expected, received: String(index) });
    }
    const from = index * size;
    const to = row * size;
    for (let i = 0; i < size; i++) values[to + i] = set.images[from + i]! / 255;
  }
  return tf.tensor4d(values, [indices.length, height, width, channels]);
}
