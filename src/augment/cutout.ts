import * as tf from '@tensorflow/tfjs-core';
import { numberFrom, required, wholeFrom } from '../core/check';
import { readOptions } from '../core/read-options';
import { checkImages, randomOfImages, SEED, type SeedOption } from './image-batch';

/**
 * Paints a square over each image, its middle anywhere in the image, so that a part of it may lie outside.
 *
 * Source: DeVries, Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout", 2017 (arXiv
 * 1708.04552).
 *
 * @param images [N, H, W, C]
 * @param options `seed`; `size` of the square in pixels; `fill`, what it is painted with, 0 by default
 * @returns images [N, H, W, C], the caller's to dispose; the same on every backend
 * @throws ShapeError for no batch of float images; ArgumentError for a size that is no whole number from 1, or a fill
 *   that is not finite
 * @example
 * const more = cutout(images, { size: 8, seed: deriveSeed(1, epoch, step) });
 */
export function cutout(images: tf.Tensor4D, options: SeedOption & { size: number; fill?: number }): tf.Tensor4D {
  const where = 'cutout';
  checkImages(where, images);
  const [count, height, width] = images.shape;
  const { seed, size, fill } = readOptions(where, options, {
    seed: [SEED],
    size: [required(wholeFrom(1, 2 * Math.max(height, width)))],
    fill: [numberFrom(-1e6, 1e6), 0],
  });
  const kept = new Float32Array(count * height * width).fill(1);
  randomOfImages(seed, 3, count).forEach((random, i) => {
    const top = random.integer(height) - Math.floor(size / 2);
    const left = random.integer(width) - Math.floor(size / 2);
    for (let y = Math.max(0, top); y < Math.min(height, top + size); y++) {
      kept.fill(
        0,
        (i * height + y) * width + Math.max(0, left),
        (i * height + y) * width + Math.min(width, left + size),
      );
    }
  });
  return tf.tidy(() => {
    const mask = tf.tensor4d(kept, [count, height, width, 1]);
    return tf.add<tf.Tensor4D>(tf.mul(images, mask), tf.mul(fill, tf.sub(1, mask)));
  });
}
