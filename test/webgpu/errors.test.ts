import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { test } from 'vitest';
import { onEachBackend } from '../on-each-backend';
onEachBackend('errors', () => {
  test.fails('a test that leaves an error of WebGPU behind fails', async () => {
    const { device } = tf.backend() as WebGPUBackend;
    device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE }); // no such pair
    await device.queue.onSubmittedWorkDone();
  });
});
