import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { NotFiniteError } from 'tfjs-ood';
import { odin } from 'tfjs-ood/scorers';
import { checkFiniteImages, checkFiniteImagesNow, finiteRows, withoutLostNaN } from '../../src/tensors/finite-images';
import { onEachBackend } from '../on-each-backend';
import { isHalf, readsAtOnce } from '../../src/tensors/precision';

const SHAPE: [number, number, number, number] = [7, 3, 5, 2];
const SIZE = 30;

/**
 * Images of which one number of one row is `value`; first on the processor, as `tf.tensor` leaves it, then as a kernel
 * of the backend gives it.
 */
function images(value: number, row: number, place: number, isComputed: boolean): tf.Tensor4D {
  const numbers = Float32Array.from({ length: 7 * SIZE }, (_, i) => (i % 11) / 10);
  numbers[row * SIZE + place] = value;
  const given = tf.tensor4d(numbers, SHAPE);
  if (!isComputed) return given;
  const order = tf.tensor1d([0, 1, 2, 3, 4, 5, 6], 'int32');
  const moved: tf.Tensor4D = tf.tidy(() => tf.gather(tf.gather(given, order), order));
  tf.dispose([given, order]);
  return moved;
}

onEachBackend('images that are not finite', () => {
  const cases = [NaN, Infinity, -Infinity].flatMap((value) =>
    [true, false].flatMap((isComputed) =>
      [
        [0, 0],
        [3, 17],
        [6, SIZE - 1],
      ].map(([row, place]) => ({ value, isComputed, row: row!, place: place! })),
    ),
  );

  test.each(cases)('$value in row $row, computed: $isComputed', async ({ value, isComputed, row, place }) => {
    const x = images(value, row, place, isComputed);
    const flags = finiteRows(x);
    expect([...(await flags.data())]).toEqual([0, 1, 2, 3, 4, 5, 6].map((one) => Number(one !== row)));
    await expect(checkFiniteImages('test', x, (one) => 100 + one)).rejects.toThrow(
      `test: images must be finite numbers (drop or mend that image), got ${value} at row ${100 + row}`,
    );
    await expect(checkFiniteImages('test', x)).rejects.toThrow(NotFiniteError);
    if (readsAtOnce()) expect(() => checkFiniteImagesNow('test', x)).toThrow(`at row ${row}`);
    const outputs = tf.tensor2d(
      Float32Array.from({ length: 14 }, (_, i) => i),
      [7, 2],
    );
    const marked = withoutLostNaN('test', x, outputs);
    const wanted = Array.from({ length: 14 }, (_, i) => (Math.floor(i / 2) === row ? NaN : i));
    expect([...(await marked.data())]).toEqual(wanted);
    tf.dispose([x, flags, outputs, marked]);
  });

  test('floats of 32 bits are known for what they are', () => {
    expect(isHalf()).toBe(false);
    expect(isHalf()).toBe(false);
  });

  test('the largest and the smallest numbers are finite; whole numbers and truth values cannot be other', async () => {
    for (const value of [(2 - 2 ** -23) * 2 ** 127, -3e38, 2 ** -126, 0]) {
      const x = images(value, 2, 5, false);
      await checkFiniteImages('test', x);
      if (readsAtOnce()) checkFiniteImagesNow('test', x);
      x.dispose();
    }
    const others = [tf.ones([2, 2, 2, 1], 'int32'), tf.ones([2, 2, 2, 1], 'bool'), tf.zeros([0, 2, 2, 1])];
    for (const x of others) await checkFiniteImages('test', x);
    const words = tf.tensor([['a', 'b']]);
    await expect(checkFiniteImages('test', words)).rejects.toThrow('a tensor of numbers, got string');
    tf.dispose([...others, words]);
  });

  test('odin looks at its images before the model can lose what they are', async () => {
    const logitsOf = (x: tf.Tensor4D) => tf.zeros<tf.Rank.R2>([x.shape[0], 2]);
    const scorer = await odin({ epsilon: 0 }).fit([], { logitsOf });
    const x = images(NaN, 4, 2, true);
    await expect(scorer.score({ images: x })).rejects.toThrow('odin: images must be finite');
    await expect(scorer.score({ images: x })).rejects.toThrow('NaN at row 4');
    scorer.dispose();
    x.dispose();
  });
});
