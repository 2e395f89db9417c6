import { util, type TensorInfo } from '@tensorflow/tfjs-core';
import { packedNumbers, reservePacked } from '../tensors/backend-room';
import { runKernel, withScratch, type WasmKernel, type KernelCall } from './heap';

/** Room for the packed copy that XNNPACK makes of `b` in a plain product of two matrices. */
function reserveProduct({ inputs, backend, attrs }: KernelCall): void {
  const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
  if (attrs.transposeA || attrs.transposeB || [a, b].some(({ shape }) => util.sizeFromShape(shape.slice(0, -2)) > 1)) {
    return; // by loops of the backend
  }
  const [depth, width] = b.shape.slice(-2) as [number, number];
  const rows = a.shape[a.shape.length - 2]!;
  reservePacked(backend, b.dataId, packedNumbers(depth, width) + rows * width, attrs.activation as string | undefined);
}

/** A product with bias and activation, as the backend makes it. */
export function fusedMatMul(stock: WasmKernel): WasmKernel {
  return (call) => {
    reserveProduct(call);
    return stock(call);
  };
}

/**
 * A transposed product as an explicit transpose and a plain one: the backend's own transposed path is a scalar loop.
 */
export function batchMatMul(stock: WasmKernel): WasmKernel {
  return (call) => {
    const { inputs, backend, attrs } = call;
    const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
    const { transposeA, transposeB } = attrs as { transposeA: boolean; transposeB: boolean };
    if (!transposeA && !transposeB) {
      reserveProduct(call);
      return stock(call);
    }
    return withScratch(backend, (own) => {
      const turn = (tensor: TensorInfo): TensorInfo => {
        const rank = tensor.shape.length;
        const perm = tensor.shape.map((_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
        return own(runKernel(backend, 'Transpose', { x: tensor }, { perm }));
      };
      const plain = { a: transposeA ? turn(a) : a, b: transposeB ? turn(b) : b };
      const plainCall = { inputs: plain, backend, attrs: { transposeA: false, transposeB: false } };
      reserveProduct(plainCall);
      return stock(plainCall);
    });
  };
}
