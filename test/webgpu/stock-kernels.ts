import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-webgpu';

const stock = new Map(tf.getKernelsForBackend('webgpu').map((kernel) => [kernel.kernelName, kernel]));

/** The backend's kernels as tfjs ships them: the setup imports this before it imports `tfjs-ood/webgpu`. */
export function asShipped(name: string): tf.KernelConfig {
  return stock.get(name)!;
}

/** Does something with kernels as tfjs ships them, without those that it lacks, then puts ours back. */
export async function withStock<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
  const put = (name: string, kernel: tf.KernelConfig | undefined) => {
    if (tf.getKernel(name, 'webgpu') as unknown) tf.unregisterKernel(name, 'webgpu');
    if (kernel) tf.registerKernel(kernel);
  };
  const own = names.map((name) => tf.getKernel(name, 'webgpu'));
  names.forEach((name) => put(name, stock.get(name)));
  try {
    return await work();
  } finally {
    names.forEach((name, i) => put(name, own[i]));
  }
}
