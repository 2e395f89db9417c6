import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { expect, test } from 'vitest';
import { onEachBackend } from '../on-each-backend';
import { takeGpuErrors } from './gpu-errors';

/** Has an entry point that its shader has not. */
function invalidPipeline(): void {
  const { device } = tf.backend() as WebGPUBackend;
  const module = device.createShaderModule({ code: '@compute @workgroup_size(1) fn other() {}' });
  device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
}

/** No `*.test.ts`: only the suite on webgpu takes it. */
onEachBackend('errors that nobody captures', () => {
  test('an invalid pipeline is seen here', async () => {
    expect(await takeGpuErrors()).toEqual([]);
    invalidPipeline();
    const seen = await takeGpuErrors();
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.join()).toMatch(/main|invalid/i);
  });

  test('a sum of more tensors than a stage binds is right, by the kernel of this package', async () => {
    const ones = Array.from({ length: 12 }, () => tf.ones([3]));
    const sum = tf.addN(ones);
    expect(Array.from(await sum.data())).toEqual([12, 12, 12]);
    tf.dispose([sum, ...ones]);
  });

  test.fails('a test that leaves one behind fails', () => invalidPipeline());
});
