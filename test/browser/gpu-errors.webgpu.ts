import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { onEachBackend } from '../on-each-backend';
import { takeGpuErrors } from './gpu-errors';

/** No `*.test.ts`: only the suite on webgpu takes it. */
onEachBackend('errors that nobody captures', () => {
  test('an invalid pipeline writes nothing, and is seen here', async () => {
    expect(await takeGpuErrors()).toEqual([]);
    const ones = Array.from({ length: 12 }, () => tf.ones([3])); // more inputs than a stage may have
    const sum = tf.addN(ones);
    expect(Array.from(await sum.data())).not.toEqual([12, 12, 12]); // 0, or what stood in that memory
    tf.dispose([sum, ...ones]);
    const seen = await takeGpuErrors();
    expect(seen.length).toBeGreaterThan(0);
    expect(seen.join()).toMatch(/storage buffers|invalid/i);
  });

  test.fails('a test that leaves one behind fails', async () => {
    const ones = Array.from({ length: 12 }, () => tf.ones([2]));
    const sum = tf.addN(ones);
    await sum.data();
    tf.dispose([sum, ...ones]);
  });
});
