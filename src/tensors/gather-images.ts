import * as tf from '@tensorflow/tfjs-core';
import { check, wholeFrom } from '../core/check';
import { ArgumentError, ShapeError } from '../core/errors';
import type { ImageSet } from '../core/images';
import { isListed, tagOf } from '../core/shown-value';

const shownType = (value: unknown): string => (value === null ? 'null' : tagOf(value).slice('[object '.length, -1));

/** Throws unless the images are bytes, N * H * W * C of them. @throws ArgumentError, ShapeError */
export function checkImageSet(where: string, set: ImageSet): void {
  const { images, shape } = (set ?? {}) as Partial<ImageSet>;
  const type = shownType(images); // by its name, so that bytes of another frame or of Node's vm are bytes too
  if (type !== 'Uint8Array' && type !== 'Uint8ClampedArray') {
    const expected =
      'bytes in a Uint8Array, { images, shape } (of floats make a tensor, tf.tensor4d(images, shape); it is used as it is)';
    throw new ArgumentError(where, 'images', expected, images === undefined ? shownType(set) : type);
  }
  const size = Array.isArray(shape) ? (shape as number[]).reduce((product, length) => product * length, 1) : NaN;
  const isWhole = shape?.length === 4 && shape.every((length) => Number.isSafeInteger(length) && length >= 0);
  if (!isWhole || size !== images!.length) {
    const received = Array.isArray(shape) ? `[${shape.join(', ')}]` : shownType(shape);
    throw new ShapeError(where, 'shape of the image set', `[N, H, W, C] of its ${images!.length} bytes`, received);
  }
}

/** Throws unless they are rows of the set. */
export function checkRowsOfSet(where: string, { shape }: ImageSet, indices: ArrayLike<number>): void {
  if (!isListed(indices)) {
    throw new ArgumentError(where, 'indices', 'an array of row numbers', indices);
  }
  const rowOfSet = wholeFrom(0, shape[0] - 1);
  for (let row = 0; row < indices.length; row++) check(where, `indices[${row}]`, indices[row], rowOfSet);
}

/**
 * The images with these row numbers, in this order and as often as named: [B, H, W, C] float32 in [0, 1] (byte / 255).
 * The caller owns the tensor.
 *
 * @throws ShapeError if the set's bytes do not fit its shape
 * @throws ArgumentError if the set holds other than bytes, or an index is no row of it
 * @example
 * const batch = gatherImages(train, [5, 0, 7]); // a tensor [3, H, W, C]
 */
export function gatherImages(set: ImageSet, indices: ArrayLike<number>): tf.Tensor4D {
  checkImageSet('gatherImages', set);
  checkRowsOfSet('gatherImages', set, indices);
  const [, height, width, channels] = set.shape;
  const size = height * width * channels;
  const values = new Float32Array(indices.length * size);
  for (let row = 0; row < indices.length; row++) {
    const index = indices[row]!;
    const from = index * size;
    const to = row * size;
    for (let i = 0; i < size; i++) values[to + i] = set.images[from + i]! / 255;
  }
  return tf.tensor4d(values, [indices.length, height, width, channels]);
}
