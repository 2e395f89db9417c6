import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { MADE_KINDS, madeBlock, type ImagePlane } from '../../../src/detector/compare/made-images';
import { onEachBackend } from '../../on-each-backend';

const kind = (name: string) => MADE_KINDS.find((one) => one.name === `made: ${name}`)!;
const plane = (height: number, width: number, channels: number): ImagePlane => ({
  data: Float32Array.from({ length: height * width * channels }, (_, i) => i / 1000),
  shape: [height, width, channels],
});

test.each([
  [8, 8, 1],
  [9, 11, 3],
  [3, 2, 1],
  [1, 1, 3],
])('shuffled patches of %d x %d x %d: each patch whole, in another place', (height, width, channels) => {
  const image = plane(height, width, channels);
  const made = kind('shuffled patches').make(image, [0, 1], seededRandom(3));
  expect([...made].sort()).toEqual([...image.data].sort()); // nothing is lost
  if (height * width > 1) expect(made).not.toEqual(image.data);
  const [rows, columns] = [Math.min(4, height), Math.min(4, width)];
  const [high, wide] = [Math.floor(height / rows), Math.floor(width / columns)];
  const at = (y: number, x: number) => (y * width + x) * channels;
  const patch = (data: Float32Array, row: number, column: number) => {
    const all: number[] = [];
    for (let y = 0; y < high; y++) {
      for (let x = 0; x < wide; x++) {
        const from = at(row * high + y, column * wide + x);
        all.push(...data.subarray(from, from + channels));
      }
    }
    return all.join();
  };
  const places = Array.from({ length: rows * columns }, (_, i) => [Math.floor(i / columns), i % columns] as const);
  const patches = (data: Float32Array) => places.map(([row, column]) => patch(data, row, column)).sort();
  expect(patches(made)).toEqual(patches(image.data));
  // What is left over at the right and below stays.
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (y < rows * high && x < columns * wide) continue;
      expect(made[at(y, x)]).toBe(image.data[at(y, x)]);
    }
  }
});

test('low contrast has the mean and a quarter of the deviations', () => {
  const { data } = plane(4, 4, 1);
  const made = kind('low contrast').make({ data, shape: [4, 4, 1] }, [0, 1], seededRandom(1));
  const mean = 0.0075;
  data.forEach((value, i) => expect(made[i]).toBeCloseTo(mean + (value - mean) / 4, 6));
});

test('other brightness: dark becomes bright and bright dark, within the range', () => {
  const { make } = kind('other brightness');
  const of = (...data: number[]) =>
    Array.from(make({ data: Float32Array.from(data), shape: [1, data.length, 1] }, [-1, 1], seededRandom(1)));
  expect(of(-1, -0.75, 0.25)).toEqual([0, 0.25, 1]);
  expect(of(1, 0.75, -0.25)).toEqual([0, -0.25, -1]);
});

test('noise is even over the range', () => {
  const made = kind('uniform noise').make(plane(40, 40, 3), [-1, 3], seededRandom(1));
  const mean = made.reduce((sum, value) => sum + value, 0) / made.length;
  expect(mean).toBeCloseTo(1, 1);
  expect(Math.min(...made)).toBeGreaterThanOrEqual(-1);
  expect(Math.min(...made)).toBeLessThan(-0.98);
  expect(Math.max(...made)).toBeGreaterThan(2.98);
  const quarters = [-1, 0, 1, 2].map((low) => made.filter((value) => value >= low && value < low + 1).length);
  for (const count of quarters) expect(Math.abs(count / made.length - 0.25)).toBeLessThan(0.03);
});

onEachBackend('madeBlock', () => {
  test('each image by itself, in the type and shape of the block', async () => {
    const numbers = Float32Array.from({ length: 2 * 16 }, (_, i) => i % 16);
    for (const dtype of ['float32', 'int32'] as const) {
      const block = tf.tensor(numbers, [2, 4, 4, 1], dtype);
      const made = await madeBlock(block, kind('low contrast'), [0, 15], seededRandom(1));
      expect([made.shape, made.dtype]).toEqual([[2, 4, 4, 1], dtype]);
      const data = Array.from(await made.data());
      expect(data.slice(0, 16)).toEqual(data.slice(16));
      expect(data[0]).toBe(dtype === 'int32' ? Math.round(5.625) : 5.625);
      tf.dispose([block, made]);
    }
  });
});
