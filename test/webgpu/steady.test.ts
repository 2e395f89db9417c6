import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { NotFiniteError, odmLoss } from 'tfjs-ood';
import { batchNormLayer, createTrainer } from 'tfjs-ood/training';
import { expect, test } from 'vitest';
import { onEachBackend } from '../on-each-backend';

/** With FULL=1 as many as are promised. */
const STEPS = process.env.FULL ? 1000 : 20;

/** A few weights, of every kind of layer of the paper's network: kernels are the same ones, and a step is short. */
function tinyNetwork(): tfl.LayersModel {
  const kernelInitializer = tfl.initializers.heNormal({ seed: 1 });
  const conv = { filters: 4, kernelSize: 3, padding: 'same' as const, kernelInitializer };
  return tfl.sequential({
    layers: [
      tfl.layers.conv2d({ ...conv, inputShape: [4, 4, 1] }),
      batchNormLayer(),
      tfl.layers.activation({ activation: 'relu' }),
      tfl.layers.maxPooling2d({ poolSize: 2 }),
      tfl.layers.conv2d(conv),
      tfl.layers.averagePooling2d({ poolSize: 2 }),
      tfl.layers.flatten(),
      tfl.layers.dense({ units: 2, kernelInitializer }),
    ],
  });
}

const images = Uint8Array.from({ length: 4 * 16 }, (_, i) => (i * 37) % 256);
const batch = { set: { images, shape: [4, 4, 4, 1] as const }, indices: [0, 1, 2, 3] };

function counts() {
  const backend = tf.backend() as WebGPUBackend;
  const { bufferManager } = backend;
  return {
    tensors: tf.memory().numTensors,
    data: backend.numDataIds(),
    used: bufferManager.getNumUsedBuffers(),
    usedBytes: bufferManager.numBytesUsed,
    allocatedBytes: bufferManager.numBytesAllocated,
  };
}

onEachBackend('many steps', () => {
  test(`${STEPS} of them leave tensors and buffers of the device where they were`, async () => {
    const model = tinyNetwork();
    const trainer = createTrainer(model, { loss: (y, x) => odmLoss(y, x, { pairs: 'all' }), seed: 1 });
    const step = () => trainer.step(batch, [0, 1, 0, -1], 0);
    for (let i = 0; i < 3; i++) await step();
    const before = counts();
    expect(before.used).toBeGreaterThan(model.weights.length);
    for (let i = 0; i < STEPS; i++) await step();
    expect(counts()).toEqual(before);
    expect(trainer.steps).toBe(STEPS + 3);
    trainer.dispose();
    model.dispose();
  }, 3_600_000); // by software a step takes a quarter of a second of a processor

  test('whose gradient is NaN while the loss is finite: they change nothing, and leave nothing on the device', async () => {
    const model = tinyNetwork();
    let isBad = false;
    const ofRows = tf.customGrad((x) => ({
      value: tf.mean(x as tf.Tensor),
      gradFunc: (dy) => tf.mul(tf.ones([4, 2]), isBad ? NaN : tf.div(dy, 8)),
    }));
    const trainer = createTrainer(model, { loss: (_, x) => ofRows(x) as tf.Scalar, seed: 1, stepsAhead: 2 });
    const three = () => Promise.allSettled([0, 1, 2].map(() => trainer.step(batch, [0, 1, 0, 1], 0)));
    for (let i = 0; i < 2; i++) expect((await three()).map(({ status }) => status)).toEqual(Array(3).fill('fulfilled'));
    const [state, before] = [await trainer.state(), counts()];
    isBad = true;
    for (let i = 0; i < 3; i++) {
      const results = await three();
      expect(results.map(({ status }) => status)).toEqual(Array(3).fill('rejected'));
      expect((results[0] as PromiseRejectedResult).reason).toBeInstanceOf(NotFiniteError);
    }
    expect(await trainer.state()).toEqual(state);
    const after = counts();
    expect({ ...after, allocatedBytes: 0 }).toEqual({ ...before, allocatedBytes: 0 }); // free ones may have come
    isBad = false;
    expect((await three()).map(({ status }) => status)).toEqual(Array(3).fill('fulfilled'));
    expect(trainer.steps).toBe(9);
    trainer.dispose();
    model.dispose();
  });
});
