import * as tf from '@tensorflow/tfjs-core';
import { colourJitter, cutout, flipHorizontal, randomCrop, seededRandom, ShapeError } from 'tfjs-ood';
import { expect, test } from 'vitest';
import { expectClose } from '../expect-close';
import { onEachBackend } from '../on-each-backend';

const [N, H, W] = [12, 5, 7];
const pixels = (channels: number, seed = 1) => {
  const random = seededRandom(seed);
  return Array.from({ length: N * H * W * channels }, () => random.uniform());
};
type Batch = number[][][][];
const nested = (data: ArrayLike<number>, channels: number): Batch =>
  Array.from({ length: N }, (_, n) =>
    Array.from({ length: H }, (_, y) =>
      Array.from({ length: W }, (_, x) =>
        Array.from({ length: channels }, (_, c) => data[((n * H + y) * W + x) * channels + c]!),
      ),
    ),
  );

onEachBackend('augmentations', () => {
  /** The batch that goes in and the one that comes out, as nested arrays. */
  const apply = async (f: (images: tf.Tensor4D) => tf.Tensor4D, channels = 3): Promise<[Batch, Batch]> => {
    const numbers = pixels(channels);
    const images = tf.tensor4d(numbers, [N, H, W, channels]);
    const made = f(images);
    expect(made.shape).toEqual([N, H, W, channels]);
    const result: [Batch, Batch] = [nested(numbers, channels), nested(await made.data(), channels)];
    tf.dispose([images, made]);
    return result;
  };

  test('flipHorizontal: an image is itself or its mirror image, some of each', async () => {
    const [before, after] = await apply((images) => flipHorizontal(images, { seed: 3 }));
    let flipped = 0;
    before.forEach((image, n) => {
      const mirrored = image.map((line) => [...line].reverse());
      const isFlipped = Math.abs(after[n]![0]![0]![0]! - mirrored[0]![0]![0]!) < 1e-6;
      expectClose(after[n]!.flat(2), (isFlipped ? mirrored : image).flat(2), { absolute: 1e-6 });
      if (isFlipped) flipped++;
    });
    expect(flipped).toBeGreaterThan(2);
    expect(flipped).toBeLessThan(10);
    const [own, all] = await apply((images) => flipHorizontal(images, { seed: 3, probability: 1 }));
    expectClose(all.flat(3), own.map((image) => image.map((line) => [...line].reverse())).flat(3), { absolute: 1e-6 });
  });

  test('randomCrop: an image moved by at most so many pixels, zeros where nothing was', async () => {
    const [before, after] = await apply((images) => randomCrop(images, { seed: 4, padding: 2 }));
    const moves = new Set<string>();
    before.forEach((image, n) => {
      const found: string[] = [];
      for (let dy = -2; dy <= 2; dy++) {
        for (let dx = -2; dx <= 2; dx++) {
          const moved = image.map((line, y) => line.map((_, x) => image[y + dy]?.[x + dx] ?? [0, 0, 0]));
          const differs = moved.flat(2).some((value, i) => Math.abs(value - after[n]!.flat(2)[i]!) > 1e-6);
          if (!differs) found.push(`${dy},${dx}`);
        }
      }
      expect(found).toHaveLength(1);
      moves.add(found[0]!);
    });
    expect(moves.size).toBeGreaterThan(5);
  });

  test('colourJitter: the factors that make it are in their range', async () => {
    const [before, after] = await apply((images) => colourJitter(images, { seed: 5, brightness: 0.5 }));
    const factors = before.map((image, n) => {
      const darkest = image.flat(2).reduce((best, value, i, all) => (value > 0.05 && value < all[best]! ? i : best), 0);
      const factor = after[n]!.flat(2)[darkest]! / image.flat(2)[darkest]!;
      expectClose(
        after[n]!.flat(2),
        image.flat(2).map((value) => Math.min(1, value * factor)),
        { absolute: 1e-3 },
      );
      return factor;
    });
    expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.499);
    expect(Math.max(...factors)).toBeLessThanOrEqual(1.501);
    expect(new Set(factors.map((factor) => factor.toFixed(3))).size).toBe(N);
  });

  test('colourJitter: contrast leaves the mean grey, saturation the grey of each pixel', async () => {
    const grey = (pixel: number[]) => 0.299 * pixel[0]! + 0.587 * pixel[1]! + 0.114 * pixel[2]!;
    // Few pixels are cut off at 0 and 1 with small factors; those that are, are left out.
    const [before, duller] = await apply((images) => colourJitter(images, { seed: 6, saturation: 0.2 }));
    before.flat(2).forEach((pixel, i) => {
      const own = duller.flat(2)[i]!;
      if (own.some((value) => value <= 1e-3 || value >= 0.999)) return;
      expect(Math.abs(grey(own) - grey(pixel))).toBeLessThan(2e-3);
    });
    const [all, flatter] = await apply((images) => colourJitter(images, { seed: 7, contrast: 1 }));
    all.forEach((image, n) => {
      const meanGrey = image.flat().reduce((sum, pixel) => sum + grey(pixel), 0) / (H * W);
      const free = image
        .flat(2)
        .findIndex(
          (value, i) =>
            Math.abs(value - meanGrey) > 0.1 && flatter[n]!.flat(2)[i]! > 0.01 && flatter[n]!.flat(2)[i]! < 0.99,
        );
      const factor = (flatter[n]!.flat(2)[free]! - meanGrey) / (image.flat(2)[free]! - meanGrey);
      expect(factor).toBeGreaterThan(-0.01);
      expect(factor).toBeLessThan(2.01);
      const expected = image.flat(2).map((value) => Math.min(1, Math.max(0, meanGrey + factor * (value - meanGrey))));
      expectClose(flatter[n]!.flat(2), expected, { absolute: 6e-3 });
    });
    const [one, same] = await apply((images) => colourJitter(images, { seed: 8, saturation: 1 }), 1);
    expectClose(same.flat(3), one.flat(3), { absolute: 1e-6 });
  });

  test('cutout: a square of at most that size is painted, all else stays', async () => {
    const [before, after] = await apply((images) => cutout(images, { seed: 9, size: 3, fill: 2 }));
    const middles = new Set<string>();
    before.forEach((image, n) => {
      const painted: [number, number][] = [];
      image.forEach((line, y) =>
        line.forEach((pixel, x) => {
          const own = after[n]![y]![x]!;
          if (own.every((value) => Math.abs(value - 2) < 1e-6)) painted.push([y, x]);
          else expectClose(own, pixel, { absolute: 1e-6 });
        }),
      );
      const [ys, xs] = [painted.map(([y]) => y), painted.map(([, x]) => x)];
      const sides = [ys, xs].map((values) => Math.max(...values) - Math.min(...values) + 1);
      expect(painted).toHaveLength(sides[0]! * sides[1]!);
      for (const side of sides) expect(side === 3 || side === 2).toBe(true); // 2: its rim lies outside
      middles.add(String(painted[0]));
    });
    expect(middles.size).toBeGreaterThan(5);
  });

  test('the seed decides, and each image by itself', async () => {
    for (const f of [
      (images: tf.Tensor4D, seed: number) => flipHorizontal(images, { seed }),
      (images: tf.Tensor4D, seed: number) => randomCrop(images, { seed }),
      (images: tf.Tensor4D, seed: number) =>
        colourJitter(images, { seed, brightness: 0.2, contrast: 0.2, saturation: 0.2 }),
      (images: tf.Tensor4D, seed: number) => cutout(images, { seed, size: 2 }),
    ]) {
      const [, first] = await apply((images) => f(images, 1));
      expect((await apply((images) => f(images, 1)))[1]).toEqual(first);
      expect((await apply((images) => f(images, 2)))[1]).not.toEqual(first);
      const images = tf.tensor4d(pixels(3), [N, H, W, 3]);
      const some = tf.tidy(() => f(tf.slice(images, 0, 4), 1));
      expectClose(await some.data(), first.slice(0, 4).flat(3), { absolute: 1e-6 });
      tf.dispose([images, some]);
    }
  });

  test('what is refused', () => {
    const images = tf.zeros<tf.Rank.R4>([2, 4, 4, 3]);
    const flat = tf.zeros([2, 4]) as unknown as tf.Tensor4D;
    expect(() => flipHorizontal(flat, { seed: 1 })).toThrow(ShapeError);
    expect(() => flipHorizontal(images, { seed: 1, probability: 2 })).toThrow(
      'flipHorizontal: probability must be a number from 0 to 1, got 2',
    );
    expect(() => randomCrop(images, { seed: 1, padding: 5 })).toThrow(
      'padding must be a whole number from 0 to 4, got 5',
    );
    expect(() => colourJitter(images, { seed: 1, contrast: -1 })).toThrow(
      'contrast must be a number from 0 to 1, got -1',
    );
    expect(() => cutout(images, { seed: 1, size: 0 })).toThrow('size must be a whole number from 1 to 8, got 0');
    expect(() => cutout(images, { seed: 1, size: 1, fill: NaN })).toThrow('fill');
    tf.dispose([images, flat]);
  });
});
