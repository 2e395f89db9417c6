import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';

/** Output size by what came of the forward pass: tfjs does not tell its gradients how that was rounded. */
export const withSizeOf = (dy: TensorInfo, info: backend_util.Conv2DInfo): backend_util.Conv2DInfo => ({
  ...info,
  outHeight: dy.shape[1]!,
  outWidth: dy.shape[2]!,
});
