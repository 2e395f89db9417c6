import * as tf from '@tensorflow/tfjs-core';
import { stepKernel } from './step-kernel';

let isRegistered = false;

/**
 * Lets ReLU's gradient be our kernel where there is one, of float32 alone; everywhere else, and for gradients of
 * gradients, it stays tfjs's. Called late: importing tfjs-layers would put tfjs's own over it.
 */
export function registerReluGradient(): void {
  if (isRegistered) return;
  isRegistered = true;
  const stock = tf.getGradient(tf.Relu);
  tf.registerGradient({
    ...stock,
    gradFunc(dy, saved, attrs) {
      const byTfjs = (up: tf.Tensor) => (stock.gradFunc(up, saved, attrs) as { x: () => tf.Tensor }).x();
      const byKernel = (up: tf.Tensor) =>
        saved[0]!.dtype === 'float32'
          ? (stepKernel('ReluGrad', { dy: up, x: saved[0] }) as tf.Tensor | undefined)
          : undefined;
      const gradient = tf.customGrad((up) => ({
        value: byKernel(up as tf.Tensor) ?? byTfjs(up as tf.Tensor),
        gradFunc: byTfjs,
      }));
      return { x: () => gradient(dy as tf.Tensor) };
    },
  });
}
