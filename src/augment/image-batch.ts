import * as tf from '@tensorflow/tfjs-core';
import { INTEGER, required } from '../core/check';
import { ShapeError } from '../core/errors';
import { seededRandom, type Random } from '../core/random';

/** Options of every augmentation. */
export interface SeedOption {
  /** What happens to each image follows from it: another one at each step (`deriveSeed(seed, epoch, step)`). */
  seed: number;
}

/** The rule of {@link SeedOption}. */
export const SEED = /* @__PURE__ */ required(INTEGER);

/** Throws unless the tensor is a batch of images. */
export function checkImages(where: string, images: tf.Tensor4D): void {
  const { rank, dtype, shape = [] } = Object(images) as Partial<tf.Tensor4D>;
  if (rank === 4 && dtype === 'float32') return;
  const received: unknown = dtype ? `${dtype} [${shape.join(', ')}]` : images;
  throw new ShapeError(where, 'images', 'float32 [N, H, W, C]', received);
}

/**
 * A stream of random numbers for each image, so that one image's draws do not depend on how many there are before it.
 */
export const randomOfImages = (seed: number, stream: number, count: number): Random[] =>
  Array.from({ length: count }, (_, i) => seededRandom(seed, 70, stream, i));

/** One number for each image, to be multiplied with all its pixels: [N, 1, 1, 1]. */
export const perImage = (numbers: readonly number[]): tf.Tensor4D =>
  tf.tensor4d([...numbers], [numbers.length, 1, 1, 1]);
