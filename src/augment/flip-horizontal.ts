import * as tf from '@tensorflow/tfjs-core';
import { ANY_SHARE } from '../core/check';
import { readOptions } from '../core/read-options';
import { checkImages, perImage, randomOfImages, SEED, type SeedOption } from './image-batch';

/**
 * Mirrors some of the images, left for right. Not for digits or signs, which are other ones then.
 *
 * @param images [N, H, W, C]
 * @param options `seed`; `probability` of each image to be mirrored, 0.5 by default
 * @returns images [N, H, W, C], the caller's to dispose; the same on every backend
 * @throws ShapeError for no batch of float images; ArgumentError for a probability outside of [0, 1]
 * @example
 * const more = flipHorizontal(images, { seed: deriveSeed(1, epoch, step) });
 */
export function flipHorizontal(images: tf.Tensor4D, options: SeedOption & { probability?: number }): tf.Tensor4D {
  const where = 'flipHorizontal';
  checkImages(where, images);
  const { seed, probability } = readOptions(where, options, { seed: [SEED], probability: [ANY_SHARE, 0.5] });
  const flips = randomOfImages(seed, 0, images.shape[0]).map((random) => (random.uniform() < probability ? 1 : 0));
  return tf.tidy(() => {
    const isFlipped = perImage(flips);
    return tf.add(tf.mul(tf.reverse(images, 2), isFlipped), tf.mul(images, tf.sub(1, isFlipped)));
  });
}
