import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError } from 'tfjs-ood';
import { afterEach, expect, test, vi } from 'vitest';

// What a machine with the backend does is tested in test/webgpu.
afterEach(() => {
  vi.doUnmock('webgpu');
  vi.resetModules();
});

const refused = async () => {
  const { startWebgpu } = await import('tfjs-ood/node');
  const error = (await startWebgpu().catch((reason: unknown) => reason)) as ArgumentError & { cause?: Error };
  expect(error.name).toBe('ArgumentError');
  return error;
};

test('without the package webgpu, says how to install it, and why it did not load', async () => {
  vi.doMock('webgpu', () => {
    throw new Error('no such package');
  });
  const { details, cause } = await refused();
  expect(details.where).toBe('startWebgpu');
  expect(details.what).toBe('the optional package webgpu');
  expect(details.expected).toMatch('npm install webgpu @tensorflow/tfjs-backend-webgpu');
  expect(cause).toBeInstanceOf(Error);
});

test('without an adapter, says so, and how to try it by software; the backend in use stays', async () => {
  const before = tf.getBackend();
  vi.doMock('webgpu', () => ({
    globals: {},
    create: () => ({ requestAdapter: () => Promise.resolve(null) }),
  }));
  const { details } = await refused();
  expect(details.what).toBe('WebGPU adapter');
  expect(details.received).toBe('none');
  expect(details.expected).toMatch('VK_DRIVER_FILES');
  expect(details.expected).toMatch('libvulkan.so.1');
  expect(tf.getBackend()).toBe(before);
  expect('gpu' in globalThis.navigator).toBe(true);
});
