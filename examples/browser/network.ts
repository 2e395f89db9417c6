import * as tf from '@tensorflow/tfjs-layers';
import { deriveSeed } from 'tfjs-ood';
import { SIDE } from './to-mnist-pixels';

/**
 * Image [N, 28, 28, 1] -> embedding [N, size]: three convolutions with pools, two dense layers.
 *
 * @param widths channels of the convolutions and width of the dense layer
 */
export function createNetwork(size: number, seed: number, widths: readonly [number, number, number, number]) {
  const [first, second, third, dense] = widths;
  const initializer = (layer: number) => tf.initializers.heNormal({ seed: deriveSeed(seed, layer) });
  const model = tf.sequential({ name: 'digits' });
  const convolution = (filters: number, layer: number, input = {}) => {
    model.add(
      tf.layers.conv2d({
        name: `conv${layer}`,
        filters,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
        kernelInitializer: initializer(layer),
        ...input,
      }),
    );
    model.add(tf.layers.maxPooling2d({ name: `pool${layer}`, poolSize: 2 }));
  };
  convolution(first, 1, { inputShape: [SIDE, SIDE, 1] });
  convolution(second, 2);
  convolution(third, 3);
  model.add(tf.layers.flatten({ name: 'flat' }));
  model.add(tf.layers.dense({ name: 'dense', units: dense, activation: 'relu', kernelInitializer: initializer(4) }));
  const kernelInitializer = tf.initializers.glorotUniform({ seed: deriveSeed(seed, 5) });
  model.add(tf.layers.dense({ name: 'embedding', units: size, kernelInitializer }));
  return model;
}

/** The page's classifier: 94,000 weights. */
export const classifierNetwork = (size: number, seed = 1) => createNetwork(size, seed, [24, 48, 64, 96]);
