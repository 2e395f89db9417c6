import type { Tensor4D } from '@tensorflow/tfjs-core';
import { check, COUNT, FUNCTION, INDEX, INTEGER, NOT_NEGATIVE, POSITIVE, SHARE_OR_NONE } from '../core/check';
import { readOptions, type Declared } from '../core/read-options';
import type { BatchLoss } from './step/step-gradients';

/** Options of `createTrainer`. */
export interface TrainerOptions {
  /** Loss of a batch from its labels [B] (int32) and embeddings [B, D]. */
  loss: BatchLoss;
  /** Dropout masks follow from it and the step. */
  seed: number;
  /** Default 1e-4. */
  learningRate?: number;
  /** Factor on the learning rate in an epoch, counted from 0; default 1. */
  schedule?: (epoch: number) => number;
  /** Times the sum over all trainable variables, biases too, of 0.5 * ||w||^2, added to the loss; default 1e-4. */
  weightDecay?: number;
  /** Adam's numbers: 0.9, 0.999 and 1e-8 by default. */
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  /**
   * Changes the images of each step before the model sees them, [B, H, W, C] to the same shape; `seed` is another one
   * in each step and part, and the same in each run. It is called within `tf.tidy`.
   */
  augment?: (images: Tensor4D, seed: number) => Tensor4D;
  /** Most images in memory at a time; a larger batch is done in parts, with the same gradient. Default: all. */
  partSize?: number;
  /**
   * Steps that may begin before what an earlier `step` gave is settled; default 0. With `tfjs-ood/webgpu` on WebGPU the
   * card then need not wait for the loss to be read; elsewhere steps are done one after the other. If one fails, so do
   * those that began after it, and weights, moments and statistics are those of before it.
   */
  stepsAhead?: number;
}

const OPTIONS = {
  loss: [FUNCTION],
  seed: [INTEGER],
  learningRate: [NOT_NEGATIVE, 1e-4],
  schedule: [FUNCTION, () => 1],
  weightDecay: [NOT_NEGATIVE, 1e-4],
  beta1: [SHARE_OR_NONE, 0.9],
  beta2: [SHARE_OR_NONE, 0.999],
  epsilon: [POSITIVE, 1e-8],
  augment: [FUNCTION, (images: Tensor4D) => images],
  partSize: [COUNT],
  stepsAhead: [INDEX, 0],
} as const satisfies Declared<TrainerOptions>;

/** The options with their defaults; an ArgumentError if one is out of range. */
export function completeOptions(given: TrainerOptions) {
  const where = 'createTrainer';
  const options = readOptions(where, given, OPTIONS);
  check(where, 'loss', options.loss, FUNCTION);
  check(where, 'seed', options.seed, INTEGER);
  return options;
}
