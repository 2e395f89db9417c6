import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import '@tensorflow/tfjs-backend-cpu';
import { expectClose } from './expect-close';

export const normal = (shape: number[], seed: number): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', seed);

async function on(backend: string, compute: () => tf.Tensor[]): Promise<Float32Array[]> {
  if (!(await tf.setBackend(backend))) throw new Error(`${backend} did not start`);
  const tensors = tf.tidy(compute);
  const read = await Promise.all(tensors.map(async (tensor) => Float32Array.from(await tensor.data())));
  tf.dispose(tensors);
  return read;
}

/**
 * The same computation on a backend and on cpu, which is the oracle. Errors are shares of the largest number; as cpu
 * goes first, the backend is the one in use afterwards.
 */
export const againstCpuOn =
  (backend: string) =>
  async (compute: () => tf.Tensor[], relative = 1e-4): Promise<void> => {
    const expected = await on('cpu', compute);
    const actual = await on(backend, compute);
    expected.forEach((values, i) => {
      const scale = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
      expectClose(actual[i]!, values, { relative, absolute: 1e-5 + relative * scale });
    });
  };
