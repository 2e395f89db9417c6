import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { odmLoss } from 'tfjs-ood';
import { createTrainer, vgg } from 'tfjs-ood/training';
import { expect, test } from 'vitest';
import { onEachBackend } from '../on-each-backend';

/** With FULL=1 as many as are promised. */
const STEPS = process.env.FULL ? 1000 : 20;

onEachBackend('many steps', () => {
  test(`${STEPS} of them leave tensors and buffers of the device where they were`, async () => {
    const model = vgg({ inputShape: [8, 8, 1], width: 1 / 32, embeddingSize: 2, batchNorm: true, seed: 1 });
    const trainer = createTrainer(model, { loss: (y, x) => odmLoss(y, x, { pairs: 'all' }), seed: 1 });
    const set = { images: Uint8Array.from({ length: 4 * 64 }, (_, i) => (i * 37) % 256), shape: [4, 8, 8, 1] as const };
    const step = () => trainer.step({ set, indices: [0, 1, 2, 3] }, [0, 1, 0, -1], 0);
    for (let i = 0; i < 3; i++) await step();
    const counts = () => {
      const backend = tf.backend() as WebGPUBackend;
      const { bufferManager } = backend;
      return {
        tensors: tf.memory().numTensors,
        data: backend.numDataIds(),
        used: bufferManager.getNumUsedBuffers(),
        usedBytes: bufferManager.numBytesUsed,
        allocatedBytes: bufferManager.numBytesAllocated,
      };
    };
    const before = counts();
    expect(before.used).toBeGreaterThan(model.weights.length);
    for (let i = 0; i < STEPS; i++) await step();
    expect(counts()).toEqual(before);
    expect(trainer.steps).toBe(STEPS + 3);
    trainer.dispose();
    model.dispose();
  });
});
