import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { onEachBackend } from '../on-each-backend';

onEachBackend('sums of many tensors', () => {
  test.each([1, 2, 7, 8, 9, 13, 14, 15, 40])('of %i', async (count) => {
    const terms = Array.from({ length: count }, (_, i) => tf.tensor1d([2 ** (i % 20), i, -1]));
    const sum = tf.addN(terms);
    const expected = [0, 1, 2].map((at) => terms.reduce((total, _, i) => total + [2 ** (i % 20), i, -1][at]!, 0));
    expect(Array.from(await sum.data())).toEqual(expected); // whole numbers: exact in any order
    tf.dispose([sum, ...terms]);
  });
});
