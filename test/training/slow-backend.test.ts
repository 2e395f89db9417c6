import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import 'tfjs-ood/wasm';
import { expect, test, vi } from 'vitest';
import { createTrainer, vgg } from 'tfjs-ood/training';
import { pairwiseLoss, smallModel } from './small-model';

test('training convolutions on cpu is said to be slow, once; nothing else is', async () => {
  await tf.setBackend('cpu');
  tf.zeros([1]).dispose(); // what tfjs itself says of this backend, it says now
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const begin = (model: Parameters<typeof createTrainer>[0]) => {
    createTrainer(model, { loss: pairwiseLoss, seed: 1 }).dispose();
    model.dispose();
  };
  const network = () => vgg({ width: 0.0625, embeddingSize: 2, seed: 1 });
  await tf.setBackend('wasm');
  begin(network());
  await tf.setBackend('cpu');
  begin(smallModel()); // dense layers are quick enough
  expect(warn).not.toHaveBeenCalled();
  begin(network());
  begin(network());
  expect(warn).toHaveBeenCalledTimes(1);
  expect(warn.mock.calls[0]![0]).toMatch(/^createTrainer: .*cpu backend.*times faster.*import 'tfjs-ood\/wasm'/);
  warn.mockRestore();
});
