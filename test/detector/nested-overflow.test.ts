import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';
import { featuresOf } from 'tfjs-ood/detector';
import { free, inputs, layers, sequential, withWeights } from './layers-models';

// As on a backend of half precision, whose numbers end where these do not.
vi.mock(import('../../src/tensors/precision'), async (original) => ({ ...(await original()), isHalf: () => true }));

test.each([false, true])('what layers of nested models are given is looked at (applied: %s)', async (isApplied) => {
  await tf.setBackend('cpu');
  const part = (name: string) =>
    sequential({
      name,
      layers: [
        layers.dense({ inputShape: [4], units: 4, name: `${name}_1` }),
        layers.reLU({ maxValue: 6, name: `${name}_2` }), // nothing behind it shows what went in
      ],
    });
  const end = layers.dense({ units: 3, activation: 'softmax' });
  const model = withWeights(sequential({ layers: isApplied ? [part('a'), part('b'), end] : [part('b'), end] }));
  const weights = model.getWeights();
  const at = isApplied ? 2 : 0; // of b_1
  const large = tf.tidy(() => tf.mul(weights[at]!, 1e6));
  const rows = inputs([3, 4]);
  const before = tf.memory().numTensors;
  tf.dispose({ ...featuresOf(model).run(rows) });
  model.setWeights(weights.map((weight, i) => (i === at ? large : weight)));
  expect(() => featuresOf(model).run(rows)).toThrow('activations of the model must be at most 65504 in size');
  expect(tf.memory().numTensors).toBe(before);
  tf.dispose([rows, large]);
  free(model);
});
