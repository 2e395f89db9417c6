import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WebgpuKernel, WebgpuKernelCall } from './kernel-call';

/**
 * Sum of any number of tensors. The backend's own binds them all at once: more than a stage of the device may have make
 * an invalid pipeline, whose output nobody writes.
 */
export function addN(stock: WebgpuKernel): WebgpuKernel {
  const kernel: WebgpuKernel = ({ inputs, backend, attrs }) => {
    const terms = inputs as unknown as readonly TensorInfo[];
    const most = backend.device.limits.maxStorageBuffersPerShaderStage - 1; // one is the output
    const sum = (some: readonly TensorInfo[]) =>
      stock({ inputs: some as unknown as WebgpuKernelCall['inputs'], backend, attrs });
    let total = sum(terms.slice(0, most));
    for (let next = most; next < terms.length; next += most - 1) {
      const before = total;
      total = sum([before, ...terms.slice(next, next + most - 1)]);
      backend.disposeData(before.dataId);
    }
    return total;
  };
  return Object.assign(kernel, { takesAnyCount: true }); // how a trainer knows that this entry was imported
}
