import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import 'tfjs-ood/wasm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Set by vitest.config.ts and vitest.browser.config.ts. */
    backends: readonly string[];
  }
}

/** Every backend that this runtime must have; one that is missing fails its suite. */
export const backends = inject('backends');

/** Not every browser has WebGPU, or lets pages without a graphics card use it: there, and only there, its suites are skipped, visibly. */
type WithGpu = { gpu?: { requestAdapter(): Promise<object | null> } };
const gpu = (globalThis.navigator as WithGpu | undefined)?.gpu; // Node 20 has no navigator
const lacksWebgpu = backends.includes('webgpu') && !(await gpu?.requestAdapter());

/**
 * Runs the same tests on every backend, and fails each test that leaves a tensor behind.
 * Tests create what they need inside themselves and dispose it.
 */
export function onEachBackend(name: string, tests: (backend: string) => void): void {
  describe.skipIf(lacksWebgpu).each([...backends])(`${name} on %s`, (backend) => {
    let before = 0;
    beforeAll(async () => {
      if (!(await tf.setBackend(backend))) throw new Error(`backend ${backend} is required here and did not start`);
    });
    beforeEach(() => {
      before = tf.memory().numTensors;
    });
    afterEach(() => {
      expect(tf.memory().numTensors, 'tensors left behind').toBe(before);
    });
    afterAll(() => tf.setBackend('cpu'));
    tests(backend);
  });
}
