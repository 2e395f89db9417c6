import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-webgpu'; // first: importing it later would put its own kernels over these
import { adamUpdate } from './adam-update';
import { addN } from './add-n';
import { sumKernel } from './column-sums';
import { conv2dFilterGradient } from './conv2d-filter-gradient';
import { conv2dInputGradient } from './conv2d-input-gradient';
import { depthwiseFilterGradient, depthwiseInputGradient } from './depthwise-gradients';
import { registered } from './dispatch';
import type { WebgpuKernel, WebgpuKernelCall } from './kernel-call';
import { nearestColumns } from './nearest-columns';
import { moveTowards, normalizeChannelsGrad, normalizeChannelsKernel } from './normalize-channels';
import { avgPoolGradient, maxPoolGradient } from './pool-gradients';
import { reluGradient } from './relu-gradient';
import { stepHealthKernel } from './step-health';

type Kernel = (call: WebgpuKernelCall) => tf.TensorInfo | tf.TensorInfo[];

/** Each kernel by its tfjs name, made from the backend's own where there is one. */
const kernels: Readonly<Record<string, (stock: WebgpuKernel) => Kernel>> = {
  [tf.AddN]: addN,
  [tf.AvgPoolGrad]: registered(avgPoolGradient),
  [tf.Conv2DBackpropFilter]: registered(conv2dFilterGradient),
  [tf.Conv2DBackpropInput]: registered(conv2dInputGradient),
  [tf.DepthwiseConv2dNativeBackpropFilter]: registered(depthwiseFilterGradient),
  [tf.DepthwiseConv2dNativeBackpropInput]: registered(depthwiseInputGradient),
  [tf.MaxPoolGrad]: registered(maxPoolGradient),
  [tf.Sum]: sumKernel,
  // What our training and search use where they are registered
  AdamUpdate: registered(adamUpdate),
  MoveTowards: registered(moveTowards),
  NearestColumns: registered(nearestColumns),
  NormalizeChannels: registered(normalizeChannelsKernel),
  NormalizeChannelsGrad: registered(normalizeChannelsGrad),
  ReluGrad: registered(reluGradient),
  StepHealth: registered(stepHealthKernel),
};

/**
 * Names of the kernels that importing `tfjs-ood/webgpu` adds to the webgpu backend or replaces there.
 *
 * @example
 * webgpuKernels.includes('AddN'); // true: tfjs's own reads as 0 for more tensors than the device binds
 */
export const webgpuKernels: readonly string[] = Object.keys(kernels);

let isRegistered = false;

/**
 * Registers what the webgpu backend lacks or does slowly. Importing `tfjs-ood/webgpu` calls it; calling it again does
 * nothing.
 *
 * @example
 * import 'tfjs-ood/webgpu';
 * registerWebgpuKernels(); // done already
 */
export function registerWebgpuKernels(): void {
  if (isRegistered) return;
  isRegistered = true;
  for (const [kernelName, make] of Object.entries(kernels)) {
    const stock = tf.getKernel(kernelName, 'webgpu') as tf.KernelConfig | undefined;
    if (stock) tf.unregisterKernel(kernelName, 'webgpu');
    const kernelFunc = make(stock?.kernelFunc as unknown as WebgpuKernel) as unknown as tf.KernelFunc;
    tf.registerKernel({ ...stock, kernelName, backendName: 'webgpu', kernelFunc });
  }
}

registerWebgpuKernels();
