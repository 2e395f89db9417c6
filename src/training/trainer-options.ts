import type { Tensor4D } from '@tensorflow/tfjs-core';
import { ArgumentError } from '../core/errors';
import { deriveSeed } from '../core/random';
import type { BatchLoss } from './step-gradients';

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
}

const DEFAULTS = { learningRate: 1e-4, weightDecay: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

/** The options with their defaults; an ArgumentError if one is out of range. */
export function completeOptions(given: TrainerOptions): TrainerOptions & typeof DEFAULTS {
  const options = { ...DEFAULTS, ...given };
  const refuse = (what: string, expected: string, received: number): never => {
    throw new ArgumentError('createTrainer', what, expected, received);
  };
  for (const what of ['learningRate', 'weightDecay'] as const) {
    if (!(options[what] >= 0 && Number.isFinite(options[what]))) refuse(what, 'a number >= 0', options[what]);
  }
  for (const what of ['beta1', 'beta2'] as const) {
    if (!(options[what] >= 0 && options[what] < 1)) refuse(what, 'a number in [0, 1)', options[what]);
  }
  if (!(options.epsilon > 0 && Number.isFinite(options.epsilon)))
    refuse('epsilon', 'a positive number', options.epsilon);
  const { partSize } = options;
  if (partSize !== undefined && !(Number.isInteger(partSize) && partSize > 0)) {
    refuse('partSize', 'a positive integer', partSize);
  }
  deriveSeed(options.seed);
  return options;
}
