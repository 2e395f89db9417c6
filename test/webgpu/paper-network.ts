import * as tf from '@tensorflow/tfjs-core';
import { odmLoss } from 'tfjs-ood';
import { createTrainer, vgg } from 'tfjs-ood/training';
import { countKernels } from './launched';

/** The kernels of a step of the paper's network, which are as many of small images. */
export async function kernelsOfStep(batchNorm: boolean): Promise<Map<string, number>> {
  const model = vgg({ width: 1 / 16, inputShape: [8, 8, 3], batchNorm, seed: 1 });
  const trainer = createTrainer(model, { loss: (y, x) => odmLoss(y, x), seed: 1 });
  const images = tf.randomUniform<tf.Rank.R4>([8, 8, 8, 3], 0, 1, 'float32', 1);
  const kernels = countKernels();
  try {
    await trainer.step(images, [0, 1, 2, -1, 1, 2, 0, -1], 0);
    return kernels.take();
  } finally {
    kernels.stop();
    images.dispose();
    trainer.dispose();
    model.dispose();
  }
}
