import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { contrastiveLoss, decodeSafetensors, encodeSafetensors, odmBatches } from 'tfjs-ood';
import { startWebgpu } from 'tfjs-ood/node';
import { createTrainer, DeviceError, fit, type EpochInfo } from 'tfjs-ood/training';
import { expect, test } from 'vitest';
import { watchDevice } from '../browser/gpu-errors';
import { smallModel } from '../training/small-model';

const labels = Int32Array.from({ length: 24 }, (_, i) => (i % 4 === 3 ? -1 : i % 2));
const images = Uint8Array.from({ length: 24 * 4 }, (_, i) => (i * 7919) % 251);
const set = { images, shape: [24, 2, 2, 1] as const };
const EPOCHS = 4;

/** A training that leaves a file after each epoch; `onStep` may break it. */
function training(onStep: (step: number) => void = () => undefined) {
  const model = smallModel({ dropout: 0.25, batchNorm: true });
  const trainer = createTrainer(model, {
    loss: (own, embeddings) => contrastiveLoss(own, embeddings),
    seed: 3,
    learningRate: 0.01,
  });
  const batches = odmBatches(labels, { batchSize: 8, seed: 3 });
  const files: Uint8Array[] = [];
  const epochs: EpochInfo[] = [];
  const onEpoch = async (info: EpochInfo) => {
    epochs.push(info);
    const { tensors, metadata } = await trainer.state();
    files.push(encodeSafetensors(tensors, { ...metadata, batches: JSON.stringify(batches.state()) }));
  };
  return {
    files,
    epochs,
    trainer,
    restore(file: Uint8Array) {
      const { tensors, metadata } = decodeSafetensors(file, 'checkpoint');
      trainer.restore({ tensors, metadata });
      batches.restore(JSON.parse(metadata.batches!) as never);
    },
    run: () => fit(trainer, { set, batches, epochs: EPOCHS, onEpoch, onStep: () => onStep(trainer.steps) }),
    dispose() {
      trainer.dispose();
      model.dispose();
    },
  };
}
const device = () => (tf.backend() as WebGPUBackend).device;

test('a run whose device is lost says so, and goes on from its checkpoint as if nothing had been', async () => {
  const unbroken = training();
  await unbroken.run();
  expect(unbroken.files).toHaveLength(EPOCHS);
  expect(unbroken.epochs.map(({ backend }) => backend)).toEqual(Array(EPOCHS).fill('webgpu'));
  const perEpoch = unbroken.trainer.steps / EPOCHS;
  expect(perEpoch).toBeGreaterThan(1);
  unbroken.dispose();

  // In the second step of the third epoch
  const broken = training((step) => {
    if (step === 2 * perEpoch + 1) device().destroy();
  });
  const error: unknown = await broken.run().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DeviceError);
  const { where, expected, received } = (error as DeviceError).details;
  expect(where).toBe(`Trainer.step (epoch 2, step ${2 * perEpoch + 1})`);
  expect(expected).toMatch('go on from the last checkpoint (Trainer.restore)');
  expect(received).toMatch(/^lost \(destroyed\)/);
  expect(broken.files).toEqual(unbroken.files.slice(0, 2));
  await expect(broken.trainer.step({ set, indices: [0, 1] }, [0, 1], 2)).rejects.toThrow(DeviceError);
  await expect(broken.trainer.state()).rejects.toThrow(); // no file of zeros

  const before = device();
  await startWebgpu();
  expect(device()).not.toBe(before);
  watchDevice(device());
  const resumed = training();
  resumed.restore(broken.files.at(-1)!);
  await resumed.run();
  expect(resumed.files).toEqual(unbroken.files.slice(2));
  resumed.dispose();
});

test('a device that is lost while a step waits for its numbers is an error of that step', async () => {
  const { trainer, dispose } = training();
  const own = device();
  const running = trainer.step({ set, indices: [0, 1, 4, 5] }, [0, 1, 0, 1], 0);
  await Promise.resolve();
  own.destroy();
  const error: unknown = await running.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DeviceError);
  expect((error as DeviceError).details.received).toMatch(/^lost/);
  await startWebgpu();
  watchDevice(device());
  dispose();
});
