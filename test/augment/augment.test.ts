import * as tf from '@tensorflow/tfjs-core';
import { colorJitter, cutout, flipHorizontal, randomAffine, randomCrop, seededRandom, ShapeError } from 'tfjs-ood';
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

  test('colorJitter: the factors that make it are in their range', async () => {
    const [before, after] = await apply((images) => colorJitter(images, { seed: 5, brightness: 0.5 }));
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

  test('colorJitter: contrast leaves the mean gray, saturation the gray of each pixel', async () => {
    const gray = (pixel: number[]) => 0.299 * pixel[0]! + 0.587 * pixel[1]! + 0.114 * pixel[2]!;
    // Few pixels are cut off at 0 and 1 with small factors; those that are, are left out.
    const [before, duller] = await apply((images) => colorJitter(images, { seed: 6, saturation: 0.2 }));
    before.flat(2).forEach((pixel, i) => {
      const own = duller.flat(2)[i]!;
      if (own.some((value) => value <= 1e-3 || value >= 0.999)) return;
      expect(Math.abs(gray(own) - gray(pixel))).toBeLessThan(2e-3);
    });
    const [all, flatter] = await apply((images) => colorJitter(images, { seed: 7, contrast: 1 }));
    all.forEach((image, n) => {
      const meanGray = image.flat().reduce((sum, pixel) => sum + gray(pixel), 0) / (H * W);
      const free = image
        .flat(2)
        .findIndex(
          (value, i) =>
            Math.abs(value - meanGray) > 0.1 && flatter[n]!.flat(2)[i]! > 0.01 && flatter[n]!.flat(2)[i]! < 0.99,
        );
      const factor = (flatter[n]!.flat(2)[free]! - meanGray) / (image.flat(2)[free]! - meanGray);
      expect(factor).toBeGreaterThan(-0.01);
      expect(factor).toBeLessThan(2.01);
      const expected = image.flat(2).map((value) => Math.min(1, Math.max(0, meanGray + factor * (value - meanGray))));
      expectClose(flatter[n]!.flat(2), expected, { absolute: 6e-3 });
    });
    const [one, same] = await apply((images) => colorJitter(images, { seed: 8, saturation: 1 }), 1);
    expectClose(same.flat(3), one.flat(3), { absolute: 1e-6 });
  });

  test('colorJitter: brightness is cut off first, then contrast is of what that left', async () => {
    const gray = (pixel: number[]) => 0.299 * pixel[0]! + 0.587 * pixel[1]! + 0.114 * pixel[2]!;
    const middle = (image: number[][][]) => image.flat().reduce((sum, pixel) => sum + gray(pixel), 0) / (H * W);
    // The draws of a seed are those of all three factors, whichever are used.
    const jitter = (brightness: number, contrast: number) =>
      apply((images) => colorJitter(images, { seed: 11, brightness, contrast }));
    const [[before, bright], [, sharp], [, both]] = [
      await jitter(0.9, 0),
      await jitter(0, 0.4),
      await jitter(0.9, 0.4),
    ];
    expect(bright.flat(3).filter((value) => value === 1).length).toBeGreaterThan(20); // some are cut off
    before.forEach((image, n) => {
      const pixels = image.flat(2);
      const free = pixels.findIndex(
        (value, i) => Math.abs(value - middle(image)) > 0.1 && Math.abs(sharp[n]!.flat(2)[i]! - 0.5) < 0.45,
      );
      const factor = (sharp[n]!.flat(2)[free]! - middle(image)) / (pixels[free]! - middle(image));
      const mean = middle(bright[n]!);
      const expected = bright[n]!.flat(2).map((value) => Math.min(1, Math.max(0, mean + factor * (value - mean))));
      expectClose(both[n]!.flat(2), expected, { absolute: 1e-2 });
    });
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

  /** Images whose pixels say where they are: x, y, and whether they are there at all. */
  const places = () =>
    tf.tensor4d(
      Array.from({ length: N }, () =>
        Array.from({ length: H }, (_, y) => Array.from({ length: W }, (_, x) => [x, y, 1])),
      ),
    );
  /** Where each pixel of an image comes from, by the pixels that came from inside: (x, y) -> [x', y']. */
  const mapOf = (image: number[][][]) => {
    const inside = (pixel: number[]) => pixel[0]! > 0 && pixel[0]! < W - 1 && pixel[1]! > 0 && pixel[1]! < H - 1;
    const isFree = (y: number, x: number) =>
      inside(image[y]![x]!) && inside(image[y]![x + 1]!) && inside(image[y + 1]![x]!);
    const [y, x] = Array.from({ length: H * W }, (_, i) => [Math.floor(i / W), i % W] as const).find(
      ([y, x]) => y + 1 < H && x + 1 < W && isFree(y, x),
    )!;
    const [origin, right, below] = [image[y]![x]!, image[y]![x + 1]!, image[y + 1]![x]!];
    const along = [0, 1].map((k) => right[k]! - origin[k]!);
    const down = [0, 1].map((k) => below[k]! - origin[k]!);
    return {
      along,
      down,
      at: (px: number, py: number) => [0, 1].map((k) => origin[k]! + (px - x) * along[k]! + (py - y) * down[k]!),
    };
  };

  test('randomAffine: a turn, a scale and a move in their ranges, of all pixels alike', async () => {
    const images = places();
    const options = { seed: 11, rotate: 20, scale: 0.2, shift: 1.5 };
    const made = randomAffine(images, options);
    const found = nested(await made.data(), 3);
    tf.dispose([images, made]);
    const [angles, sizes, moves] = [[] as number[], [] as number[], [] as number[]];
    const maps = found.map((image) => {
      const { along, down, at } = mapOf(image);
      expectClose(down, [-along[1]!, along[0]!], { absolute: 1e-3 }); // a turn and a scale, no shear
      angles.push((Math.atan2(along[1]!, along[0]!) * 180) / Math.PI);
      const zoom = Math.hypot(...along);
      sizes.push(1 / zoom);
      const center = [(W - 1) / 2, (H - 1) / 2];
      const [dx, dy] = at(center[0]!, center[1]!).map((value, k) => center[k]! - value);
      // Back from the source's pixels to those of the result.
      moves.push((along[0]! * dx! + along[1]! * dy!) / zoom ** 2, (-along[1]! * dx! + along[0]! * dy!) / zoom ** 2);
      return at;
    });
    for (const [values, from, to] of [
      [angles, -20, 20],
      [sizes, 0.8, 1.2],
      [moves, -1.5, 1.5],
    ] as const) {
      const [low, high] = [Math.min(...values), Math.max(...values)];
      expect(low).toBeGreaterThan(from - 1e-2);
      expect(high).toBeLessThan(to + 1e-2);
      expect(high - low).toBeGreaterThan((to - from) / 2); // and they use it
    }
    // Any image, by the same draws: linear between its pixels, the nearest of the border outside.
    const [before, after] = await apply((x) => randomAffine(x, options));
    const clamp = (value: number, last: number) => Math.min(last, Math.max(0, value));
    before.forEach((image, n) => {
      const expected = image.map((line, y) =>
        line.map((pixel, x) => {
          const [sx, sy] = maps[n]!(x, y);
          const [px, py] = [clamp(sx!, W - 1), clamp(sy!, H - 1)];
          const [left, top] = [Math.floor(px), Math.floor(py)];
          const read = (v: number, u: number, c: number) => image[Math.min(v, H - 1)]![Math.min(u, W - 1)]![c]!;
          return pixel.map(
            (_, c) =>
              (1 - (py - top)) * ((1 - (px - left)) * read(top, left, c) + (px - left) * read(top, left + 1, c)) +
              (py - top) * ((1 - (px - left)) * read(top + 1, left, c) + (px - left) * read(top + 1, left + 1, c)),
          );
        }),
      );
      expectClose(after[n]!.flat(2), expected.flat(2), { absolute: 1e-2 });
    });
  });

  test('randomAffine that may do nothing does nothing', async () => {
    const [before, after] = await apply((images) => randomAffine(images, { seed: 12 }));
    expectClose(after.flat(3), before.flat(3), { absolute: 1e-5 });
  });

  test('the seed decides, and each image by itself', async () => {
    for (const f of [
      (images: tf.Tensor4D, seed: number) => flipHorizontal(images, { seed }),
      (images: tf.Tensor4D, seed: number) => randomCrop(images, { seed }),
      (images: tf.Tensor4D, seed: number) =>
        colorJitter(images, { seed, brightness: 0.2, contrast: 0.2, saturation: 0.2 }),
      (images: tf.Tensor4D, seed: number) => cutout(images, { seed, size: 2 }),
      (images: tf.Tensor4D, seed: number) => randomAffine(images, { seed, rotate: 30, scale: 0.1, shift: 1 }),
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
      'flipHorizontal: probability must be a share from 0 to 1, got 2',
    );
    expect(() => randomCrop(images, { seed: 1, padding: 5 })).toThrow(
      'padding must be a whole number from 0 to 4, got 5',
    );
    expect(() => colorJitter(images, { seed: 1, contrast: -1 })).toThrow(
      'contrast must be a share from 0 to 1, got -1',
    );
    expect(() => cutout(images, { seed: 1, size: 0 })).toThrow('size must be a whole number from 1 to 8, got 0');
    expect(() => cutout(images, { seed: 1, size: 1, fill: NaN })).toThrow('fill');
    expect(() => randomAffine(flat, { seed: 1 })).toThrow(ShapeError);
    expect(() => randomAffine(images, { seed: 1, rotate: 181 })).toThrow(
      'rotate must be a number from 0 to 180, got 181',
    );
    expect(() => randomAffine(images, { seed: 1, scale: 1 })).toThrow('scale must be a number from 0 to 0.9, got 1');
    expect(() => randomAffine(images, { seed: 1, shift: -1 })).toThrow('shift must be a number from 0 to 4, got -1');
    tf.dispose([images, flat]);
  });
});
