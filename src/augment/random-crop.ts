import * as tf from '@tensorflow/tfjs-core';
import { wholeFrom } from '../core/check';
import { readOptions } from '../core/read-options';
import { checkImages, randomOfImages, SEED, type SeedOption } from './image-batch';

/**
 * Moves each image by up to `padding` pixels in both directions: zeros come in, what leaves is lost. The size stays.
 *
 * @param images [N, H, W, C]
 * @param options `seed`; `padding` in pixels, 4 by default
 * @returns images [N, H, W, C], the caller's to dispose; the same on every backend
 * @throws ShapeError for no batch of float images; ArgumentError for a padding that is no whole number from 0 to the
 *   smaller side
 * @example
 * const more = randomCrop(images, { padding: 3, seed: deriveSeed(1, epoch, step) });
 */
export function randomCrop(images: tf.Tensor4D, options: SeedOption & { padding?: number }): tf.Tensor4D {
  const where = 'randomCrop';
  checkImages(where, images);
  const [count, height, width, channels] = images.shape;
  const { seed, padding } = readOptions(where, options, {
    seed: [SEED],
    padding: [wholeFrom(0, Math.min(height, width)), 4],
  });
  const places = randomOfImages(seed, 1, count).map((random) => [
    random.integer(2 * padding + 1),
    random.integer(2 * padding + 1),
  ]);
  return tf.tidy(() => {
    const around: [number, number] = [padding, padding];
    const padded = tf.pad(images, [[0, 0], around, around, [0, 0]]);
    const parts = places.map(([top, left], i) => tf.slice(padded, [i, top!, left!, 0], [1, height, width, channels]));
    return count === 0 ? tf.clone(images) : tf.concat(parts, 0);
  });
}
