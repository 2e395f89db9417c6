import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { twoClassHead, twoClassLogits } from '../../src/detector/model/two-classes';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';

onEachBackend('the two classes of a single sigmoid', () => {
  test('the softmax of their logits is 1 - sigmoid(z) and sigmoid(z)', async () => {
    const z = [-30, -2, 0, 0.5, 9];
    const [column, logits, shares] = tf.tidy(() => {
      const column = tf.tensor2d(z, [5, 1]);
      const logits = twoClassLogits(column);
      return [column, logits, tf.softmax(logits)];
    });
    expect(logits.shape).toEqual([5, 2]);
    expectClose([...(await logits.data())].slice(2, 4), [1, -1]);
    const sigmoids = z.map((value) => 1 / (1 + Math.exp(-value)));
    expectClose(
      await shares.data(),
      sigmoids.flatMap((share) => [1 - share, share]),
    );
    tf.dispose([column, logits, shares]);
  });

  test('their head gives these logits', async () => {
    const head = { weights: Float32Array.of(2, -4, 6), bias: Float32Array.of(1), shape: [3, 1] as const };
    const { weights, bias, shape } = twoClassHead(head);
    expect(shape).toEqual([3, 2]);
    expect([...weights]).toEqual([-1, 1, 2, -2, -3, 3]);
    expect([...bias]).toEqual([-0.5, 0.5]);
    // By hand: z = 1 * 2 + 2 * -4 + 3 * 6 + 1 = 13.
    const z = tf.tidy(() => tf.add(tf.matMul(tf.tensor2d([1, 2, 3], [1, 3]), tf.tensor2d(weights, [3, 2])), bias));
    const wanted = tf.tidy(() => twoClassLogits(tf.tensor2d([13], [1, 1])));
    expect([...(await z.data())]).toEqual([...(await wanted.data())]);
    tf.dispose([z, wanted]);
  });
});
