import * as tf from '@tensorflow/tfjs-core';
import { stepKernel } from './step/step-kernel';

/** Mean over all axes but the last: [N, H, W, C] or [N, C] -> [C]. */
function channelMean(x: tf.Tensor): tf.Tensor1D {
  if (x.rank !== 4) return tf.mean(tf.reshape(x, [-1, x.shape.at(-1)!]), 0);
  const [n, height, width, channels] = (x as tf.Tensor4D).shape;
  // A pool over the whole image sums without the transposition that a reduction over leading axes needs on wasm.
  const pooled = tf.avgPool(x as tf.Tensor4D, [height, width], 1, 'valid');
  return tf.mean(tf.reshape(pooled, [n, channels]), 0);
}

/**
 * Batch normalization in training, `gamma * (x - mean) / sqrt(variance + epsilon) + beta` per channel, with the
 * gradient in closed form (Ioffe, Szegedy 2015, section 3):
 * `dx = gamma/std * (dy - mean(dy) - xhat * mean(dy * xhat))`.
 *
 * @param x [N, H, W, C] or [..., C]; `gamma`, `beta`: [C]
 * @param onMoments gets the batch's mean and (biased) variance, [C] each, valid only during the call
 */
export function normalizeChannels(
  x: tf.Tensor,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
  onMoments?: (mean: tf.Tensor1D, variance: tf.Tensor1D) => void,
): tf.Tensor {
  const operation = tf.customGrad((...args) => {
    const save = args[3] as unknown as tf.GradSaveFunc;
    const [input, scale, offset] = args as tf.Tensor[] as [tf.Tensor, tf.Tensor1D, tf.Tensor1D];
    const own = stepKernel('NormalizeChannels', { x: input, gamma: scale, beta: offset }, { epsilon });
    if (own) {
      const [value, mean, variance, inverse] = own as [tf.Tensor, tf.Tensor1D, tf.Tensor1D, tf.Tensor1D];
      onMoments?.(mean, variance);
      save([input, scale, mean, inverse]);
      return { value, gradFunc: ownGradient };
    }
    const mean = channelMean(input);
    const centered = tf.sub(input, mean);
    const variance = channelMean(tf.square(centered));
    const inverse = tf.rsqrt(tf.add(variance, epsilon));
    onMoments?.(mean, variance);
    save([centered, scale, inverse]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) =>
      gradient(dy, saved as [tf.Tensor, tf.Tensor1D, tf.Tensor1D]);
    return { value: tf.add(tf.mul(centered, tf.mul(scale, inverse)), offset), gradFunc };
  });
  return operation(x, gamma, beta);
}

const ownGradient = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
  const [x, gamma, mean, inverse] = saved;
  return stepKernel('NormalizeChannelsGrad', { dy, x, gamma, mean, inverse }) as tf.Tensor[];
};

/** [dx, dgamma, dbeta]; everything but the two products with whole feature maps is per channel. */
function gradient(dy: tf.Tensor, [centered, gamma, inverse]: [tf.Tensor, tf.Tensor1D, tf.Tensor1D]): tf.Tensor[] {
  return tf.tidy(() => {
    const count = dy.size / gamma.size;
    const meanDy = channelMean(dy);
    const meanProduct = channelMean(tf.mul(dy, centered));
    const factor = tf.mul(gamma, inverse);
    const slope = tf.mul(factor, tf.mul(meanProduct, tf.square(inverse)));
    const dx = tf.sub(tf.mul(tf.sub(dy, meanDy), factor), tf.mul(centered, slope));
    return [dx, tf.mul(tf.mul(meanProduct, inverse), count), tf.mul(meanDy, count)];
  });
}
