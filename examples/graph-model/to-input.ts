import * as tf from '@tensorflow/tfjs-core';
import type { ImageSet } from 'tfjs-ood/datasets';
import { gatherImages } from 'tfjs-ood/training';
import { SIDE } from './load-model';

/** Images as the model takes them: 224 x 224, three channels, from 0 to 1. */
export function toInput(set: ImageSet): tf.Tensor4D {
  return tf.tidy(() => {
    const rows = Int32Array.from({ length: set.shape[0] }, (_, i) => i);
    const images = gatherImages(set, rows);
    const colored = images.shape[3] === 1 ? tf.concat([images, images, images], 3) : images;
    return tf.image.resizeBilinear(colored, [SIDE, SIDE]);
  });
}
