import type { NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';

/** What a kernel is called with. */
export interface WebgpuKernelCall {
  inputs: NamedTensorInfoMap;
  backend: WebGPUBackend;
  attrs: NamedAttrMap;
}

/** A kernel with one output, as most of the backend's own are. */
export type WebgpuKernel = (call: WebgpuKernelCall) => TensorInfo;
