import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError, NotFiniteError } from '../core/errors';
import { LARGEST_HALF, LARGEST_SINGLE, isHalf } from './precision';

/** Row of what the caller gave, of a row of the block at hand. */
type GivenRow = (row: number) => number;

/** The lowest and the highest of some numbers; of none [Infinity, -Infinity]. */
type Ends = readonly [low: number, high: number];

/** Others may have their turn. */
type Ready = () => Promise<void>;

/** Numbers that are looked at between two pauses, in a few milliseconds. */
export const LOOKED_AT = 2 ** 20;

/**
 * Throws unless every number of `rows` images, from one place to another, is finite and the backend holds it; the error
 * names the caller's row.
 *
 * @throws NotFiniteError
 */
function checkNumbers(
  where: string,
  numbers: ArrayLike<number>,
  rows: number,
  givenRow: GivenRow = (row) => row,
  from = 0,
  to = numbers.length,
): Ends {
  const ends = isHalf();
  const largest = ends ? LARGEST_HALF : LARGEST_SINGLE;
  const { length } = numbers;
  let [low, high] = [Infinity, -Infinity];
  for (let at = from; at < to; at++) {
    const value = numbers[at]!;
    if (value < low) low = value;
    if (value > high) high = value;
    if (Math.abs(value) <= largest) continue; // a comparison with NaN is false
    const row = givenRow(Math.floor(at / (length / rows)));
    const expected = `${ends ? `numbers from -${LARGEST_HALF} to ${LARGEST_HALF}, of a backend of half precision` : 'finite numbers'} (drop or mend that image)`;
    throw new NotFiniteError(where, 'images', expected, `${value} at row ${row}`);
  }
  return [low, high];
}

/** The same of all numbers of `rows` images, with pauses. @throws NotFiniteError */
export async function checkFiniteNumbers(
  where: string,
  numbers: ArrayLike<number>,
  rows: number,
  givenRow?: GivenRow,
  ready?: Ready,
): Promise<Ends> {
  let [low, high] = [Infinity, -Infinity];
  for (let at = 0; at < numbers.length; at += LOOKED_AT) {
    if (at > 0) await ready?.();
    const end = Math.min(at + LOOKED_AT, numbers.length);
    const [least, most] = checkNumbers(where, numbers, rows, givenRow, at, end);
    [low, high] = [Math.min(low, least), Math.max(high, most)];
  }
  return [low, high];
}

/** Whether the numbers can be other than finite. */
function isFloat(where: string, images: tf.Tensor): boolean {
  if (images.dtype === 'float32') return true;
  if (images.dtype === 'int32' || images.dtype === 'bool') return false;
  throw new ArgumentError(where, 'images', 'a tensor of numbers', images.dtype);
}

/**
 * Throws unless the images are finite, before they go through a model: a max pool or a ReLU makes a plausible number
 * of NaN. The numbers are read back and looked at in JavaScript, which is right on every backend; a shader may be
 * compiled as if there were no NaN.
 *
 * @param givenRow the caller's row of each row of the block
 * @param ready a pause, between parts
 * @returns the lowest and the highest number
 * @throws NotFiniteError naming the row
 */
export async function checkFiniteImages(
  where: string,
  images: tf.Tensor,
  givenRow?: GivenRow,
  ready?: Ready,
): Promise<Ends> {
  isFloat(where, images);
  return checkFiniteNumbers(where, await images.data(), images.shape[0] ?? 1, givenRow, ready);
}

/** The same at once. Not on webgpu, which cannot always be read at once: {@link withoutLostNaN}. */
export function checkFiniteImagesNow(where: string, images: tf.Tensor): void {
  if (isFloat(where, images)) checkNumbers(where, images.dataSync(), images.shape[0] ?? 1);
}

/** Which rows [N] (bool) hold finite numbers alone, on the backend; its `isFinite` looks at the bits on webgpu. */
export function finiteRows(images: tf.Tensor, largest = LARGEST_SINGLE): tf.Tensor1D {
  if (images.size === 0) return tf.ones([images.shape[0]], 'bool');
  return tf.tidy(() => {
    const rows = tf.reshape(images, [images.shape[0], -1]);
    return tf.all<tf.Tensor1D>(tf.logicalAnd(tf.isFinite(rows), tf.lessEqual(tf.abs(rows), largest)), 1);
  });
}

/**
 * What a model made of images [N, D], NaN in each row whose image was not finite, so that whoever reads it refuses it.
 */
export function withoutLostNaN(where: string, images: tf.Tensor, outputs: tf.Tensor2D): tf.Tensor2D {
  if (!isFloat(where, images)) return tf.clone(outputs);
  return tf.tidy(() => {
    const isFine = tf.broadcastTo(tf.reshape(finiteRows(images), [-1, 1]), outputs.shape);
    return tf.where(isFine, outputs, tf.fill(outputs.shape, NaN));
  });
}
