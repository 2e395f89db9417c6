import * as tf from '@tensorflow/tfjs-core';
import { ANY_SHARE } from '../core/check';
import { readOptions } from '../core/read-options';
import { checkImages, perImage, randomOfImages, SEED, type SeedOption } from './image-batch';

/** Options of {@link colorJitter}: how far from 1 a factor may be, 0 by default. */
export interface ColorJitterOptions extends SeedOption {
  /** Factor of all pixels. */
  brightness?: number;
  /** Factor of the differences from the image's mean gray. */
  contrast?: number;
  /** Factor of the differences from each pixel's own gray; of images of one channel nothing. */
  saturation?: number;
}

/** Of red, green and blue in what looks gray: ITU-R BT.601. */
const LUMA = [0.299, 0.587, 0.114];

const grayOf = (images: tf.Tensor4D): tf.Tensor4D =>
  images.shape[3] === 3 ? tf.sum<tf.Tensor4D>(tf.mul(images, LUMA), 3, true) : tf.mean<tf.Tensor4D>(images, 3, true);

/**
 * Changes brightness, then contrast, then saturation of each image by factors of its own, uniform in [1 - x, 1 + x],
 * and cuts to [0, 1].
 *
 * @param images [N, H, W, C] in [0, 1]
 * @param options `seed`; `brightness`, `contrast`, `saturation`, each in [0, 1]
 * @returns images [N, H, W, C] in [0, 1], the caller's to dispose; the same on every backend but for rounding
 * @throws ShapeError for no batch of float images; ArgumentError for a number outside of [0, 1]
 * @example
 * const seed = deriveSeed(1, epoch, step);
 * const more = colorJitter(images, { brightness: 0.3, contrast: 0.3, saturation: 0.2, seed });
 */
export function colorJitter(images: tf.Tensor4D, options: ColorJitterOptions): tf.Tensor4D {
  const where = 'colorJitter';
  checkImages(where, images);
  const { seed, brightness, contrast, saturation } = readOptions(where, options, {
    seed: [SEED],
    brightness: [ANY_SHARE, 0],
    contrast: [ANY_SHARE, 0],
    saturation: [ANY_SHARE, 0],
  });
  const draws = randomOfImages(seed, 2, images.shape[0]).map((random) =>
    [brightness, contrast, saturation].map((reach) => 1 + reach * (2 * random.uniform() - 1)),
  );
  return tf.tidy(() => {
    const [bright, sharp, colorful] = [0, 1, 2].map((k) => perImage(draws.map((factors) => factors[k]!)));
    const towards = (x: tf.Tensor4D, middle: tf.Tensor, factor: tf.Tensor): tf.Tensor4D =>
      tf.clipByValue(tf.add<tf.Tensor4D>(middle, tf.mul(tf.sub(x, middle), factor)), 0, 1);
    let x: tf.Tensor4D = tf.clipByValue(tf.mul<tf.Tensor4D>(images, bright!), 0, 1);
    x = towards(x, tf.mean(grayOf(x), [1, 2], true), sharp!);
    return images.shape[3] === 3 ? towards(x, grayOf(x), colorful!) : x;
  });
}
