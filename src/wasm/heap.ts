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
export type WasmKernel = (call: KernelCall) => TensorInfo;

/** Runs one of the backend's own kernels. */
export function runKernel(backend: BackendWasm, name: string, inputs: NamedTensorInfoMap, attrs = {}): TensorInfo {
  const kernel = getKernel(name, 'wasm').kernelFunc as unknown as WasmKernel;
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

/** Where a tensor's numbers start in the memory, in bytes. */
export function addressOf(backend: BackendWasm, tensor: TensorInfo): number {
  return backend.getMemoryOffset(tensor.dataId);
}

export function dispose(backend: BackendWasm, ...tensors: TensorInfo[]): void {
  for (const { dataId } of tensors) backend.disposeData(dataId);
}

/** Runs `work`; what it gives to `own` is disposed at the end, also if an allocation fails on the way. */
export function withScratch<T>(backend: BackendWasm, work: (own: (tensor: TensorInfo) => TensorInfo) => T): T {
  const owned: TensorInfo[] = [];
  try {
    return work((tensor) => {
      owned.push(tensor);
      return tensor;
    });
  } finally {
    dispose(backend, ...owned);
  }
}
