import * as tf from '@tensorflow/tfjs-core';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { createTrainer, DeviceError } from 'tfjs-ood/training';
import { expect, test } from 'vitest';
import { takeGpuErrors } from '../browser/gpu-errors';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import { smallModel } from '../training/small-model';
import { withStock } from './stock-kernels';

const LABELS = [0, 1, 0, 1];
const rows = {
  set: { images: Uint8Array.from({ length: 16 }, (_, i) => (i * 37) % 256), shape: [4, 2, 2, 1] as const },
  indices: [0, 1, 2, 3],
};
/** More terms than a stage of the device binds. */
const manyTerms = (_: tf.Tensor1D, embeddings: tf.Tensor2D): tf.Scalar =>
  tf.tidy(() => tf.addN(Array.from({ length: 20 }, (_, i) => tf.mean<tf.Scalar>(tf.mul(embeddings, i)))));
const oneTerm = (_: tf.Tensor1D, embeddings: tf.Tensor2D): tf.Scalar =>
  tf.tidy(() => tf.mul(tf.mean<tf.Scalar>(embeddings), 190));

const invalidBuffer = () => {
  const { device } = tf.backend() as WebGPUBackend;
  device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE }); // no such pair
};
const valuesOf = async (trainer: ReturnType<typeof createTrainer>) =>
  Object.values((await trainer.state()).tensors).map(({ data }) => Array.from(data));
const refusedBy = async (trainer: ReturnType<typeof createTrainer>) => {
  const error: unknown = await trainer.step(rows, LABELS, 3).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DeviceError);
  return (error as DeviceError).details;
};

onEachBackend('errors of a training step', () => {
  test('work that the device refuses is an error of the step that asked for it, and changes nothing', async () => {
    const model = smallModel();
    let isWrong = true;
    const loss: typeof oneTerm = (labels, embeddings) => {
      if (isWrong) invalidBuffer();
      return oneTerm(labels, embeddings);
    };
    const trainer = createTrainer(model, { loss, seed: 1 });
    const before = await valuesOf(trainer);
    const tensors = tf.memory().numTensors;
    const { where, what, expected, received } = await refusedBy(trainer);
    expect([where, what, expected]).toEqual(['Trainer.step (epoch 3, step 0)', 'work of the WebGPU device', 'valid']);
    expect(received).toMatch('MapRead');
    expect(await valuesOf(trainer)).toEqual(before);
    expect([trainer.steps, tf.memory().numTensors]).toEqual([0, tensors]);
    expect(await takeGpuErrors()).toEqual([]); // the step took it

    isWrong = false;
    await trainer.step(rows, LABELS, 3);
    expect(trainer.steps).toBe(1);
    expect(await valuesOf(trainer)).not.toEqual(before);
    trainer.dispose();
    model.dispose();
  });

  test('in parts too', async () => {
    const model = smallModel();
    let calls = 0;
    const augment = (images: tf.Tensor4D) => {
      if (++calls === 4) invalidBuffer(); // the last part of the second pass
      return tf.clone(images);
    };
    const trainer = createTrainer(model, { loss: oneTerm, seed: 1, partSize: 2, augment });
    const before = await valuesOf(trainer);
    await refusedBy(trainer);
    expect(await valuesOf(trainer)).toEqual(before);
    trainer.dispose();
    model.dispose();
  });

  test('what the device refuses while weights change is an error that sends to the last state', async () => {
    const model = smallModel();
    const trainer = createTrainer(model, { loss: oneTerm, seed: 1 });
    const kept = await trainer.state();
    const { expected } = await (async () => {
      const weight = model.trainableWeights.at(-1)!;
      const { write } = weight;
      weight.write = function (value) {
        invalidBuffer();
        return write.call(this, value);
      };
      const details = await refusedBy(trainer);
      weight.write = write;
      return details;
    })();
    expect(expected).toMatch(/^valid, .*Trainer\.restore/);
    expect(trainer.steps).toBe(0);
    trainer.restore(kept);
    expect((await trainer.state()).tensors).toEqual(kept.tensors);
    trainer.dispose();
    model.dispose();
  });

  test('an error of the step itself comes as it is, also where the device stays silent', async () => {
    const model = smallModel();
    const own = new Error('mine');
    const loss = () => {
      throw own;
    };
    const trainer = createTrainer(model, { loss, seed: 1 });
    await expect(trainer.step(rows, LABELS, 0)).rejects.toBe(own);
    trainer.dispose();
    model.dispose();
  });

  test('an error of the step itself is the cause of one of the device', async () => {
    const model = smallModel();
    const own = new Error('mine');
    const loss = () => {
      invalidBuffer();
      throw own;
    };
    const trainer = createTrainer(model, { loss, seed: 1 });
    const error = await trainer.step(rows, LABELS, 0).catch((reason: Error) => reason);
    expect(error).toBeInstanceOf(DeviceError);
    expect((error as Error).cause).toBe(own);
    trainer.dispose();
    model.dispose();
  });

  test('a sum of many terms is right with the import; without it, the step names the import', async () => {
    const model = smallModel();
    const [many, one] = [manyTerms, oneTerm].map((loss) => createTrainer(model, { loss, seed: 1, learningRate: 0 }));
    const expected = await one!.step(rows, LABELS, 0);
    expect(expected.loss).not.toBe(0);
    expectClose((await many!.step(rows, LABELS, 0)).loss, expected.loss, { relative: 1e-5 });

    const details = await withStock([tf.AddN], () => refusedBy(many!));
    expect(details.expected).toMatch("valid (import 'tfjs-ood/webgpu'");
    expect(details.received).toMatch(/storage buffers/);
    expect(many!.steps).toBe(1);
    many!.dispose();
    one!.dispose();
    model.dispose();
  });
});
