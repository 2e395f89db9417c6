import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-wasm';
import { expect, test } from 'vitest';
import { expectClose } from '../expect-close';

test('the import works on a backend that runs already', async () => {
  await tf.setBackend('wasm');
  const image = tf.ones<tf.Rank.R4>([1, 3, 3, 1]);
  const gradient = () =>
    tf.tidy(() => {
      const filter = tf.ones([2, 2, 1, 1]);
      return tf.grad((w: tf.Tensor) => tf.conv2d(image, w as tf.Tensor4D, 1, 'valid'))(filter);
    });
  expect(gradient, 'as shipped').toThrow(/Conv2DBackpropFilter/);
  await import('tfjs-ood/wasm');
  const after = gradient();
  expectClose(await after.data(), [4, 4, 4, 4]);
  tf.dispose([image, after]);
  expect(() => (tf.backend() as BackendWasm).makeOutput([2 ** 30 - 1], 'float32')).toThrow(/no room/);
});
