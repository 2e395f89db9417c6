import * as tf from '@tensorflow/tfjs-core';
import { numberFrom } from '../core/check';
import { readOptions } from '../core/read-options';
import { checkImages, randomOfImages, SEED, type SeedOption } from './image-batch';

/** Options of {@link randomAffine}: how far each may go, 0 by default. */
export interface RandomAffineOptions extends SeedOption {
  /** Angle in degrees, in both directions. */
  rotate?: number;
  /** The factor of the size is in [1 - scale, 1 + scale]. */
  scale?: number;
  /** Pixels, in both directions along both sides. */
  shift?: number;
}

/**
 * Turns, scales and moves each image about its middle by numbers of its own, uniform up to the given ones. Pixels
 * between pixels are linear; what comes in from outside is the nearest pixel of the border.
 *
 * @param images [N, H, W, C]
 * @param options `seed`; `rotate` in degrees from 0 to 180, `scale` from 0 to 0.9, `shift` in pixels from 0 to the
 *   larger side
 * @returns images [N, H, W, C], the caller's to dispose; the same on every backend but for rounding
 * @throws ShapeError for no batch of float images; ArgumentError for a number outside of its range
 * @example
 * const more = randomAffine(images, { rotate: 10, scale: 0.1, shift: 3, seed: deriveSeed(1, epoch, step) });
 */
export function randomAffine(images: tf.Tensor4D, options: RandomAffineOptions): tf.Tensor4D {
  const where = 'randomAffine';
  checkImages(where, images);
  const [count, height, width] = images.shape;
  const { seed, rotate, scale, shift } = readOptions(where, options, {
    seed: [SEED],
    rotate: [numberFrom(0, 180), 0],
    scale: [numberFrom(0, 0.9), 0],
    shift: [numberFrom(0, Math.max(height, width)), 0],
  });
  if (count === 0) return tf.clone(images);
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  const maps = randomOfImages(seed, 4, count).map((random) => {
    const within = (reach: number) => reach * (2 * random.uniform() - 1);
    const angle = (within(rotate) * Math.PI) / 180;
    const size = 1 + within(scale);
    // Where a pixel of the result comes from: the inverse of the turn and the scale.
    const [cos, sin] = [Math.cos(angle) / size, Math.sin(angle) / size];
    const [x, y] = [middleX + within(shift), middleY + within(shift)];
    return [cos, sin, middleX - cos * x - sin * y, -sin, cos, middleY + sin * x - cos * y, 0, 0];
  });
  // Image by image: the cpu backend of tfjs 4.22 gives zeros for all images of a batch but the first.
  return tf.tidy(() =>
    tf.concat(
      maps.map((map, i) => tf.image.transform(tf.slice(images, i, 1), tf.tensor2d(map, [1, 8]), 'bilinear', 'nearest')),
    ),
  );
}
