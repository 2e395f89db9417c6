import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-wasm'; // first: importing it later would put its own kernels over these
import { guardAllocations } from '../tensors/backend-room';
import { batchMatMul, fusedMatMul } from './batch-mat-mul';
import { conv2dBackpropFilter } from './conv2d-backprop-filter';
import { conv2dBackpropInput } from './conv2d-backprop-input';
import { depthwiseBackpropFilter, depthwiseBackpropInput } from './depthwise-backprop';
import { forwardConvolution } from './forward-convolution';
import type { KernelCall, WasmKernel } from './heap';
import { hingeTriplets } from './hinge-triplets';
import { identity } from './identity';
import { maxPoolGrad } from './max-pool-grad';
import { pairDifferences } from './pair-differences';
import { exponential } from './rows/exponential';
import { rowwise } from './rows/rowwise';
import { sum } from './sum';
import { transpose } from './transpose';
import { unsortedSegmentSum } from './unsorted-segment-sum';

type Kernel = (call: KernelCall) => tf.TensorInfo | tf.TensorInfo[];

/** Each kernel by its tfjs name, made from the backend's own where there is one. */
const kernels: Readonly<Record<string, (stock: WasmKernel) => Kernel>> = {
  [tf.BatchMatMul]: batchMatMul,
  [tf._FusedMatMul]: fusedMatMul,
  [tf.Equal]: rowwise('Equal'),
  [tf.NotEqual]: rowwise('NotEqual'),
  [tf.Less]: rowwise('Less'),
  [tf.LessEqual]: rowwise('LessEqual'),
  [tf.Greater]: rowwise('Greater'),
  [tf.GreaterEqual]: rowwise('GreaterEqual'),
  [tf.Exp]: exponential,
  [tf.Maximum]: rowwise('Maximum'),
  [tf.Minimum]: rowwise('Minimum'),
  [tf.Conv2D]: forwardConvolution(false),
  [tf.FusedConv2D]: forwardConvolution(false),
  [tf.DepthwiseConv2dNative]: forwardConvolution(true),
  [tf.FusedDepthwiseConv2D]: forwardConvolution(true),
  [tf.Conv2DBackpropFilter]: () => conv2dBackpropFilter,
  [tf.Conv2DBackpropInput]: conv2dBackpropInput,
  [tf.DepthwiseConv2dNativeBackpropFilter]: () => depthwiseBackpropFilter,
  [tf.DepthwiseConv2dNativeBackpropInput]: () => depthwiseBackpropInput,
  [tf.Identity]: () => identity,
  [tf.MaxPoolGrad]: () => maxPoolGrad,
  HingeTriplets: () => hingeTriplets,
  PairDifferences: () => pairDifferences,
  [tf.Sum]: sum,
  [tf.Transpose]: transpose,
  [tf.UnsortedSegmentSum]: () => unsortedSegmentSum,
};

/**
 * Names of the kernels that importing `tfjs-ood/wasm` adds to the wasm backend or replaces there.
 *
 * @example
 * trainingKernels.includes('Conv2DBackpropFilter'); // true: tfjs 4.22 has no gradient of a filter on wasm
 */
export const trainingKernels: readonly string[] = Object.keys(kernels);

let isRegistered = false;

/**
 * Registers what the wasm backend lacks for training, mends its forward convolution, and makes a failed allocation
 * throw. Importing `tfjs-ood/wasm` calls it; calling it again does nothing.
 *
 * @example
 * import 'tfjs-ood/wasm';
 * await tf.setBackend('wasm'); // a convnet trains on it now
 */
export function registerTrainingKernels(): void {
  if (isRegistered) return;
  isRegistered = true;
  for (const [kernelName, make] of Object.entries(kernels)) {
    const stock = tf.getKernel(kernelName, 'wasm') as tf.KernelConfig | undefined;
    if (stock) tf.unregisterKernel(kernelName, 'wasm');
    const kernelFunc = make(stock?.kernelFunc as unknown as WasmKernel) as unknown as tf.KernelFunc;
    tf.registerKernel({
      ...stock, // its setupFunc too
      kernelName,
      backendName: 'wasm',
      setupFunc: (backend) => {
        guardAllocations(backend as BackendWasm);
        stock?.setupFunc?.(backend);
      },
      kernelFunc,
    });
  }
  // A backend that runs already has had its setup.
  const running = tf.engine().registry.wasm as BackendWasm | undefined;
  if (running) guardAllocations(running);
}

registerTrainingKernels();
