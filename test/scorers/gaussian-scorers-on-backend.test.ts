import * as tf from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { classGaussians, mahalanobis, relativeMahalanobis } from 'tfjs-ood/scorers';
import { ClassScatter } from 'tfjs-ood/embeddings';
import { onEachBackend } from '../on-each-backend';
import type { Embeddings } from '../../src/tensors/embeddings';
import { gaussianParity, wideBlocks, wideRow } from './gaussian-parity';

// As on a page that forbids compiling: what is left are the products of the backend, and plain JavaScript.
vi.mock('../../src/linalg/kernels/float64-kernel', () => ({
  float64Kernel: () => undefined,
  makeKernel: () => undefined,
  withOwnKernel: () => Promise.reject(new Error('there is no kernel')),
}));

gaussianParity('Gaussian scorers without machine code of ours');

onEachBackend('Gaussian scorers on the backend', (backend) => {
  test('memory of one block, whatever the number of rows', async () => {
    const size = 64;
    const random = seededRandom(5);
    const data = Float32Array.from({ length: 2048 * size }, () => random.normal());
    const labels = Int32Array.from({ length: 2048 }, (_, row) => row % 4);
    const features = { data, shape: [2048, size] as const };
    for (const method of [mahalanobis, relativeMahalanobis, classGaussians]) {
      const scorer = await method({ blockSize: 64 }).fit([{ features, labels }], {});
      await scorer.score({ features: { data: data.subarray(0, size), shape: [1, size] } });
      const before = tf.memory().numBytes;
      const { peakBytes } = await tf.profile(async () => {
        await scorer.score({ features });
        return [];
      });
      expect(peakBytes - before).toBeLessThan(10 * 64 * size * 4); // all rows at once would be 32 blocks
      if (backend === 'wasm') expect(peakBytes).toBeGreaterThan(before);
      scorer.dispose();
    }
  });

  test('nothing stays on the backend when that fails', async () => {
    for (const method of [mahalanobis, relativeMahalanobis, classGaussians]) {
      const scorer = await method().fit(wideBlocks(1), {});
      const kept = tf.memory().numTensors;
      await scorer.score({ features: wideRow(1) });
      const failing = vi.spyOn(tf.Tensor.prototype, 'data').mockRejectedValue(new Error('lost'));
      try {
        if (backend === 'cpu' || tf.backend().floatPrecision() === 16) continue; // all in float64
        const before = tf.memory().numTensors;
        await expect(scorer.score({ features: wideRow(1) })).rejects.toThrow('lost');
        await expect(method().fit(wideBlocks(1), {})).rejects.toThrow('lost');
        expect(tf.memory().numTensors).toBe(before);
      } finally {
        failing.mockRestore();
        scorer.dispose();
      }
      expect(tf.memory().numTensors).toBeLessThanOrEqual(kept);
    }
  });

  test('a store whose block is lost on the backend stays as it was', async () => {
    if (backend === 'cpu' || tf.backend().floatPrecision() === 16) return; // all in float64
    const [block] = wideBlocks(1) as [ReturnType<typeof wideBlocks>[number]];
    const { labels } = block;
    const features = block.features as Embeddings;
    for (const perClass of [false, true]) {
      const store = new ClassScatter({ perClass });
      await store.add(features, labels);
      const before = store.total();
      const failing = vi.spyOn(tf.Tensor.prototype, 'data').mockRejectedValue(new Error('lost'));
      await expect(store.add(features, labels)).rejects.toThrow('lost');
      failing.mockRestore();
      expect(store.total()).toEqual(before);
    }
  });
});
