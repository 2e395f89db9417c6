import './stock-kernels'; // first: the door brings ours
import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { startWebgpu } from 'tfjs-ood/node';
import { watchDevice, watchGpuErrors } from '../browser/gpu-errors';

// Before any file of tests: a machine without the backend fails them all.
await startWebgpu();
watchDevice((tf.backend() as WebGPUBackend).device);
watchGpuErrors();
