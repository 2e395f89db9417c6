import type { TensorInfo } from '@tensorflow/tfjs-core';
import { runKernel, withScratch, type Kernel } from './heap';

/** A transposed product as an explicit transpose and a plain one: the backend's own transposed path is a scalar loop. */
export function batchMatMul(stock: Kernel): Kernel {
  return (call) => {
    const { inputs, backend, attrs } = call;
    const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
    const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
    if (!transposeA && !transposeB) return stock(call);
    return withScratch(backend, (own) => {
      const turn = (tensor: TensorInfo): TensorInfo => {
        const rank = tensor.shape.length;
        const perm = tensor.shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
        return own(runKernel(backend, 'Transpose', { x: tensor }, { perm }));
      };
      const plain = { a: transposeA ? turn(a) : a, b: transposeB ? turn(b) : b };
      return stock({ inputs: plain, backend, attrs: { transposeA: false, transposeB: false } });
    });
  };
}
