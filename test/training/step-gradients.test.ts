import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import { createTrainer } from 'tfjs-ood/training';
import { squaredNorm } from '../../src/training/step/step-gradients';
import { onEachBackend } from '../on-each-backend';

onEachBackend('a step of more variables than WebGPU adds at once', () => {
  /** Seven dense layers: fourteen variables. */
  const deep = () =>
    sequential({
      layers: [
        layers.flatten({ inputShape: [2, 2, 1] }),
        ...Array.from({ length: 7 }, () =>
          layers.dense({ units: 3, kernelInitializer: 'ones', biasInitializer: 'ones' }),
        ),
      ],
    });

  test('squaredNorm: of any number of gradients', async () => {
    for (const count of [1, 8, 9, 40]) {
      const gradients = Array.from({ length: count }, (_, i) => (i === 3 ? undefined : tf.fill([2], i)));
      const norm = squaredNorm(gradients);
      const expected = gradients.reduce((sum, gradient, i) => sum + (gradient ? 2 * i * i : 0), 0);
      expect((await norm.data())[0]).toBe(expected);
      tf.dispose([norm, gradients.filter((gradient) => gradient !== undefined)]);
    }
  });

  test('a NaN in the gradient alone is refused, and changes no weight', async () => {
    const model = deep();
    const broken = tf.customGrad((x) => ({ value: tf.sum(x as tf.Tensor), gradFunc: () => tf.fill([4, 3], NaN) }));
    const loss = (_: tf.Tensor1D, x: tf.Tensor2D) => broken(x) as tf.Scalar;
    const trainer = createTrainer(model, { loss, seed: 1 });
    const images = tf.ones<tf.Rank.R4>([4, 2, 2, 1]);
    await expect(trainer.step(images, [0, 0, 1, 1], 0)).rejects.toThrow('squared norm of the gradient must be finite');
    for (const { tensors } of [await trainer.state()]) {
      for (const [name, { data }] of Object.entries(tensors)) {
        if (!name.startsWith('adam'))
          expect(
            data.every((value) => value === 1 || value === 0),
            name,
          ).toBe(true);
      }
    }
    expect(trainer.steps).toBe(0);
    trainer.dispose();
    model.dispose();
    images.dispose();
  });
});
