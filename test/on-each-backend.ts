import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import 'tfjs-ood/wasm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Set by vitest.config.ts and vitest.browser.config.ts. */
    backends: readonly string[];
  }
}

/** Every backend that this runtime must have; one that is missing fails its suite. */
export const backends = inject('backends');

/**
 * Not every browser has WebGPU, or lets pages without a graphics card use it: there, and only there, its suites are
 * skipped, visibly.
 */
type WithGpu = { gpu?: { requestAdapter(): Promise<object | null> } };
const isBrowser = 'document' in globalThis; // in Node it must be there
const gpu = (globalThis.navigator as WithGpu | undefined)?.gpu;
const lacksWebgpu = isBrowser && backends.includes('webgpu') && !(await gpu?.requestAdapter());

/**
 * webgl and webgpu compile a program for each shape, by a processor where no graphics card is: there random cases are
 * fewer, and of one size.
 */
const compilesShapes = (backend: string): boolean => backend.startsWith('webg');
export const casesOn = (backend: string, cases: number): number =>
  compilesShapes(backend) ? Math.ceil(cases / 3) : cases;
export const sizesOn = (backend: string, min: number, max: number): { min: number; max: number } => ({
  min: compilesShapes(backend) ? max : min,
  max,
});
/** The same of the lengths of fast-check's arrays. */
export function lengthsOn(backend: string, minLength: number, maxLength: number) {
  const { min } = sizesOn(backend, minLength, maxLength);
  return { minLength: min, maxLength };
}

/**
 * Runs the same tests on every backend, and fails each test that leaves a tensor behind.
 * Tests create what they need inside themselves and dispose it.
 */
export function onEachBackend(name: string, tests: (backend: string) => void): void {
  describe.each([...backends])(`${name} on %s`, (backend) => {
    if (backend === 'webgpu' && lacksWebgpu) return void test.skip('this browser has no WebGPU', () => undefined);
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
