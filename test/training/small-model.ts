import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { batchNormLayer, SeededDropout } from 'tfjs-ood/training';
import { seededRandom } from '../../src/core/random';

/** Dense layers on 2x2 images, so that it trains on every backend: [N, 2, 2, 1] -> [N, 2]. */
export function smallModel({ dropout = 0, batchNorm = false, seed = 1 } = {}): tfl.LayersModel {
  const model = tfl.sequential({ name: 'small' });
  const normal = (k: number) => tfl.initializers.randomNormal({ stddev: 0.5, mean: 0, seed: seed * 10 + k });
  const dense = (name: string, units: number, k: number) =>
    tfl.layers.dense({ name, units, kernelInitializer: normal(k), biasInitializer: normal(k + 1) });
  model.add(tfl.layers.flatten({ inputShape: [2, 2, 1], name: 'flat' }));
  model.add(dense('hidden', 5, 1));
  if (batchNorm) model.add(batchNormLayer({ name: 'norm' }));
  model.add(tfl.layers.activation({ name: 'tanh', activation: 'tanh' }));
  if (dropout > 0) model.add(new SeededDropout({ name: 'dropout', rate: dropout, seed: 5 }));
  model.add(dense('out', 2, 3));
  return model;
}

/** Not a sum over rows: every embedding meets every other. */
export function pairwiseLoss(labels: tf.Tensor1D, embeddings: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => {
    const y = tf.reshape(tf.cast(labels, 'float32'), [-1, 1]);
    const similarity = tf.matMul(embeddings, embeddings, false, true);
    return tf.mean(tf.square(tf.sub(similarity, tf.mul(y, tf.transpose(y)))));
  });
}

export function randomImages(seed: number, shape: [number, number, number, number]): tf.Tensor4D {
  const random = seededRandom(seed);
  return tf.tensor4d(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.uniform()),
    shape,
  );
}

/** The value of each weight, in the model's order. */
export const weightsOf = (model: tfl.LayersModel): Promise<Float32Array[]> =>
  Promise.all(model.weights.map(async (weight) => (await weight.read().data<'float32'>()).slice()));
