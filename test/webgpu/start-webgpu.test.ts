import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import '@tensorflow/tfjs-backend-cpu';
import { startWebgpu } from 'tfjs-ood/node';
import { webgpuKernels } from 'tfjs-ood/webgpu';
import { expect, test } from 'vitest';
import { asShipped } from './stock-kernels';

test('the backend in use is webgpu, with kernels of this package, on a card with a name', async () => {
  await tf.setBackend('cpu');
  const card = await startWebgpu();
  expect(tf.getBackend()).toBe('webgpu');
  expect(card.name).not.toBe('');
  expect(typeof card.isSoftware).toBe('boolean');
  if (card.name.includes('SwiftShader')) expect(card.isSoftware).toBe(true);
  expect(webgpuKernels).toContain('AddN');
  expect(tf.getKernel('AddN', 'webgpu').kernelFunc).not.toBe(asShipped('AddN').kernelFunc);
});

test('a second call changes nothing: tensors stay readable', async () => {
  const { device } = tf.backend() as WebGPUBackend;
  const x = tf.add(tf.tensor1d([1, 2]), 1);
  const cards = [await startWebgpu(), await startWebgpu()];
  expect(cards[0]).toEqual(cards[1]);
  expect((tf.backend() as WebGPUBackend).device).toBe(device);
  expect(Array.from(await x.data())).toEqual([2, 3]);
  x.dispose();
});
