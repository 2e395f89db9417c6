import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { resizeImages, type ResizeFit } from '../../src/detector/input/resize-images';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';
import fixture from '../fixtures/resize.json';

const FITS: readonly ResizeFit[] = ['fill', 'cover', 'contain'];

/** One number of a resized axis, by the definition: a mean of the source under a triangle, in float64. */
function under(source: readonly number[], from: number, to: number, count: number, at: number): number {
  const scale = (to - from) / count;
  const reach = Math.max(scale, 1);
  const center = from + (at + 0.5) * scale;
  let [sum, weights] = [0, 0];
  source.forEach((value, i) => {
    const weight = Math.max(0, 1 - Math.abs(i + 0.5 - center) / reach);
    sum += weight * value;
    weights += weight;
  });
  return sum / weights;
}

/** [H, W] -> [h, w] stretched, row by row and then column by column. */
function naive(
  pixels: readonly number[],
  [height, width]: [number, number],
  [rows, columns]: [number, number],
): number[] {
  const across = Array.from({ length: height }, (_, y) =>
    Array.from({ length: columns }, (_, x) => under(pixels.slice(y * width, (y + 1) * width), 0, width, columns, x)),
  );
  return Array.from({ length: rows * columns }, (_, i) =>
    under(
      across.map((row) => row[i % columns]!),
      0,
      height,
      rows,
      Math.floor(i / columns),
    ),
  );
}

const ready = () => Promise.resolve();

onEachBackend('images of another size', () => {
  const cases = fixture.cases.flatMap((one) => FITS.map((fit) => [fit, one.shape, one.size, one] as const));
  test.each(cases)('%s %j -> %j as Pillow', async (fit, shape, size, one) => {
    // A second image and a second channel, which must not mix with the first.
    const [height, width] = shape as [number, number];
    const images = tf.tidy(() => {
      const plain = tf.tensor4d(one.pixels, [1, height, width, 1]);
      return tf.concat([tf.concat([plain, tf.sub(255, plain)], 3), tf.zeros([1, height, width, 2])]) as tf.Tensor4D;
    });
    const made = await resizeImages(images, size as [number, number], fit, [0], ready);
    expect(made.shape).toEqual([2, ...size, 2]);
    const numbers = [...(await made.data())];
    const first = numbers.slice(0, numbers.length / 2);
    expectClose(
      first.filter((_, i) => i % 2 === 0),
      one[fit],
      { absolute: 255e-4 },
    );
    const isPadding = (value: number) => fit === 'contain' && value === 0;
    const turned = one[fit].map((value) => (isPadding(value) ? 0 : 255 - value));
    expectClose(
      first.filter((_, i) => i % 2 === 1),
      turned,
      { absolute: 255e-4 },
    );
    expect(numbers.slice(numbers.length / 2).every((value) => value === 0)).toBe(true);
    tf.dispose([images, made]);
  });

  test.each([
    [
      [7, 5],
      [3, 9],
    ],
    [
      [4, 4],
      [1, 1],
    ],
    [
      [1, 1],
      [3, 2],
    ],
    [
      [33, 2],
      [5, 5],
    ],
    [
      [700, 1300],
      [6, 400],
    ],
    // Two parts, and strips that are made of one or both
    [
      [900, 1300],
      [80, 20],
    ],
    [
      [900, 1300],
      [900, 3],
    ],
  ] as [[number, number], [number, number]][])('%j -> %j as a loop', async (shape, size) => {
    const random = seededRandom(3);
    const pixels = Array.from({ length: shape[0] * shape[1] }, () => random.uniform());
    const images = tf.tensor4d(pixels, [1, ...shape, 1]);
    let turns = 0;
    const made = await resizeImages(images, size, 'fill', [0], () => Promise.resolve(void turns++));
    const parts = Math.ceil(shape[0] / Math.floor(2 ** 20 / shape[1]));
    const strips = Math.ceil(size[0] / Math.floor(2 ** 25 / (shape[1] * (shape[0] + size[1]))));
    expect(turns).toBe(parts + strips + 1); // and the end
    expectClose([...(await made.data())], naive(pixels, shape, size), { absolute: 1e-5 });
    tf.dispose([images, made]);
  });

  test('an even color stays, and stripes finer than the target become their mean', async () => {
    const stripes = tf.tensor4d(
      Array.from({ length: 64 * 64 }, (_, i) => i % 2),
      [1, 64, 64, 1],
    );
    const even = tf.fill<tf.Rank.R4>([1, 64, 50, 3], 0.25);
    const [thin, plain] = [
      await resizeImages(stripes, [8, 8], 'fill', [0], ready),
      await resizeImages(even, [9, 11], 'cover', [0], ready),
    ];
    const inner = [...(await thin.data())].filter((_, i) => i % 8 > 0 && i % 8 < 7);
    expectClose(
      inner,
      inner.map(() => 0.5),
      { absolute: 0.01 },
    );
    expectClose(
      [...(await plain.data())],
      Array.from({ length: 297 }, () => 0.25),
      { absolute: 1e-6 },
    );
    tf.dispose([stripes, even, thin, plain]);
  });

  test('padding is of the black that is named', async () => {
    const images = tf.ones<tf.Rank.R4>([1, 2, 4, 2]);
    const made = await resizeImages(images, [4, 4], 'contain', [-1, -2], ready);
    const rows = [...(await made.data())];
    expectClose(rows.slice(0, 8), [-1, -2, -1, -2, -1, -2, -1, -2], { absolute: 1e-6 });
    expectClose(
      rows.slice(8, 24),
      Array.from({ length: 16 }, () => 1),
      { absolute: 1e-6 },
    );
    expectClose(rows.slice(24), [-1, -2, -1, -2, -1, -2, -1, -2], { absolute: 1e-6 });
    tf.dispose([images, made]);
  });
});
