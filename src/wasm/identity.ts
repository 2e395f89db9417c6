import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmKernel } from './heap';

/** The same data under another name, as on other backends; the backend's own kernel copies all of it at each clone. */
export const identity: WasmKernel = ({ inputs, backend }) => {
  const { x } = inputs as { x: TensorInfo };
  backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
};
