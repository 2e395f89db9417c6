import {
  getKernel,
  type DataType,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/** What a kernel is called with. */
export interface KernelCall {
  inputs: NamedTensorInfoMap;
  backend: BackendWasm;
  attrs: NamedAttrMap;
}
/** A kernel with one output. */
export type Kernel = (call: KernelCall) => TensorInfo;

/** Runs one of the backend's own kernels. */
export function runKernel(backend: BackendWasm, name: string, inputs: NamedTensorInfoMap, attrs = {}): TensorInfo {
  const kernel = getKernel(name, 'wasm').kernelFunc as unknown as Kernel;
  return kernel({ inputs, backend, attrs });
}

/** A new tensor whose memory is whatever was there. */
export function makeOutput(backend: BackendWasm, shape: readonly number[], dtype: DataType = 'float32'): TensorInfo {
  return backend.makeOutput([...shape], dtype);
}

/** The numbers of a tensor, in place. Good only until the next allocation: growing memory moves them. */
export function floats(backend: BackendWasm, tensor: TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}

/** The same numbers under another shape; disposed like a tensor of its own. */
export function reshaped(backend: BackendWasm, tensor: TensorInfo, shape: number[]): TensorInfo {
  return runKernel(backend, 'Reshape', { x: tensor }, { shape });
}

export function dispose(backend: BackendWasm, ...tensors: TensorInfo[]): void {
  for (const { dataId } of tensors) backend.disposeData(dataId);
}
