import { Cast, getKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import type { WebgpuKernel, WebgpuKernelCall } from './kernel-call';

/**
 * Sum of any number of tensors. The backend's own binds them all at once: more than the device's stages may have make
 * an invalid pipeline, whose output nobody writes.
 */
export function addN(stock: WebgpuKernel): WebgpuKernel {
  const kernel: WebgpuKernel = ({ inputs, backend, attrs }) => {
    const given = inputs as unknown as readonly TensorInfo[];
    const most = backend.device.limits.maxStorageBuffersPerShaderStage - 1; // one is the output
    const sum = (terms: readonly TensorInfo[]) =>
      stock({ inputs: terms as unknown as WebgpuKernelCall['inputs'], backend, attrs });
    const scratch: TensorInfo[] = [];
    try {
      // One program has one type of number
      const dtype = given.find((term) => term.dtype === 'float32')?.dtype ?? given[0]!.dtype;
      const terms = given.map((term) => {
        if (term.dtype === dtype) return term;
        const cast = getKernel(Cast, 'webgpu').kernelFunc as unknown as WebgpuKernel;
        const own = cast({ inputs: { x: term }, backend, attrs: { dtype } });
        scratch.push(own);
        return own;
      });
      let total = sum(terms.slice(0, most));
      for (let next = most; next < terms.length; next += most - 1) {
        scratch.push(total);
        total = sum([total, ...terms.slice(next, next + most - 1)]);
      }
      return total;
    } finally {
      for (const { dataId } of scratch) backend.disposeData(dataId);
    }
  };
  return Object.assign(kernel, { takesAnyCount: true }); // how a trainer knows that this entry was imported
}
