import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { onEachBackend } from '../on-each-backend';

onEachBackend('sums of many tensors', () => {
  const value = (term: number, at: number) => [2 ** (term % 20), term, -1][at]!;

  test.each([1, 2, 7, 8, 9, 13, 14, 15, 40])('of %i', async (count) => {
    const terms = Array.from({ length: count }, (_, i) => tf.tensor1d([0, 1, 2].map((at) => value(i, at))));
    const before = tf.backend().numDataIds();
    const sum = tf.addN(terms);
    const expected = [0, 1, 2].map((at) => terms.reduce((total, _, i) => total + value(i, at), 0));
    expect(Array.from(await sum.data())).toEqual(expected); // whole numbers: exact in any order
    sum.dispose();
    expect(tf.backend().numDataIds(), 'what was summed on the way').toBe(before);
    tf.dispose(terms);
  });

  test('of whole numbers are whole', async () => {
    const terms = Array.from({ length: 12 }, (_, i) => tf.tensor1d([i, 2 ** 10 + 1], 'int32'));
    const sum = tf.addN(terms);
    expect(sum.dtype).toBe('int32');
    expect(Array.from(await sum.data())).toEqual([66, 12 * (2 ** 10 + 1)]);
    tf.dispose([sum, terms]);
  });
});
