import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { ArgumentError } from 'tfjs-ood';
import { createTrainer, estimateTrainingBytes, vgg } from 'tfjs-ood/training';
import { onEachBackend } from '../on-each-backend';
import { pairwiseLoss } from './small-model';

const GIB = 2 ** 30;

onEachBackend('estimateTrainingBytes', (backend) => {
  it('is near the wasm heap that was measured', () => {
    const measured = [
      { width: 1, batchNorm: false, images: 64, gib: 0.76 },
      { width: 1, batchNorm: false, images: 128, gib: 1.17 },
      { width: 1, batchNorm: true, images: 64, gib: 0.84 },
      { width: 0.25, batchNorm: false, images: 256, gib: 0.47 },
      { width: 0.25, batchNorm: true, images: 256, gib: 0.67 },
    ];
    for (const { images, gib, ...options } of measured) {
      const model = vgg({ seed: 1, ...options });
      const estimate = estimateTrainingBytes(model, images) / GIB;
      expect(estimate / gib).toBeGreaterThan(0.75);
      expect(estimate / gib).toBeLessThan(1.25);
      expect(() => estimateTrainingBytes(model, 0)).toThrow(ArgumentError);
      model.dispose();
    }
  });

  it('keeps a step from starting that wasm could not hold, and names a part that fits', async () => {
    const model = vgg({ seed: 1, width: 0.25, inputShape: [320, 320, 3] });
    const trainer = createTrainer(model, { loss: pairwiseLoss, seed: 1 });
    const images =
      backend === 'wasm' ? tf.zeros<tf.Rank.R4>([64, 320, 320, 3]) : tf.zeros<tf.Rank.R4>([0, 320, 320, 3]);
    const make = (partSize: number) => createTrainer(model, { loss: pairwiseLoss, seed: 1, partSize });
    if (backend === 'wasm') {
      await expect(trainer.step(images, new Int32Array(64), 0)).rejects.toThrow(ArgumentError);
      const message = await trainer.step(images, new Int32Array(64), 0).catch((error: Error) => error.message);
      const fitting = Number(/must be (\d+) or fewer/.exec(message as string)![1]);
      expect(estimateTrainingBytes(model, fitting)).toBeLessThan(4 * GIB);
      expect(estimateTrainingBytes(model, fitting * 4)).toBeGreaterThan(2 * GIB);
      make(fitting).dispose();
      expect(() => make(64)).toThrow('4 GiB');
    } else {
      make(64).dispose(); // other backends have other limits
    }
    images.dispose();
    trainer.dispose();
    model.dispose();
  });
});
