import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { realSets } from '../../examples/svhn-cifar10/data';
import { joinSets, seenParts, splitList, withoutTested } from '../../examples/svhn-cifar10/seen-sets';

/** Images of one pixel. */
const set = (...pixels: number[]) => ({
  images: Uint8Array.from(pixels),
  shape: [pixels.length, 1, 1, 1] as [number, number, number, number],
});

describe('what is seen', () => {
  test('names with numbers, in their order', () => {
    expect(seenParts('svhn')).toEqual([{ name: 'svhn' }]);
    expect(seenParts('svhn:100, Tiny_ImageNet:500,uniform')).toEqual([
      { name: 'svhn', count: 100 },
      { name: 'tiny-imagenet', count: 500 },
      { name: 'uniform', count: 600 },
    ]);
  });

  test.each([
    ['mnist', 'names among svhn, cifar10, tiny-imagenet, lsun, rooms, uniform, as svhn,tiny-imagenet:500, got mnist'],
    ['svhn,', 'names among svhn'],
    ['svhn:1e3', 'names among svhn'],
    ['svhn:0', 'one image at least of each, got svhn:0'],
    ['rooms', 'a number of images, rooms:500 say, so that others are left to test by, got rooms'],
    ['svhn,svhn:3', 'each set once, got svhn twice'],
  ])('refuses %s', (text, message) => {
    expect(() => seenParts(text)).toThrow(message);
  });

  test('a list gives its first images to training, and must keep some', () => {
    expect(splitList('rooms', set(1, 2, 3), 2)).toEqual({ train: set(1, 2), test: set(3) });
    expect(() => splitList('rooms', set(1, 2, 3), 3)).toThrow('fewer images of rooms than it has (3)');
  });

  test('images that a test has are not trained on', () => {
    const seen = joinSets([set(1, 2), set(3, 4)]);
    expect(seen).toEqual(set(1, 2, 3, 4));
    expect(withoutTested(seen, [{ images: set(2, 9) }, { images: set(4) }])).toEqual({ images: set(1, 3), left: 2 });
    expect(withoutTested(seen, [{ images: set(9) }]).images).toBe(seen);
    expect(() => withoutTested(set(1), [{ images: set(1) }])).toThrow('images that no test has');
  });
});

const data = fileURLToPath(new URL('../../../shared/data', import.meta.url));
const settings = { noiseImages: 5, resizeKernel: 'cubic' } as const;

describe.skipIf(!existsSync(data))('seen sets of real images', () => {
  test('several: each trains with what its tests have not', { timeout: 300_000 }, async () => {
    const parts = seenParts('svhn,tiny_imagenet:500,uniform:20');
    const { seenTrain, out, notes } = await realSets('cifar10', parts, data, settings, 1);
    expect(out.map(({ name, kind, seen, images }) => [name, kind, seen, images.shape[0]])).toEqual([
      ['svhn', 'anomaly', true, 486],
      ['tiny-imagenet', 'novelty', true, 1500],
      ['rooms', 'anomaly', false, 1500],
      ['noise', 'anomaly', false, 5],
    ]);
    const left = notes === undefined ? 0 : Number(/^\d+/.exec(notes[0]!)![0]);
    expect(seenTrain.shape).toEqual([554 + 500 + 20 - left, 32, 32, 3]);
    const keys = ({ images, shape: [count] }: typeof seenTrain) =>
      Array.from({ length: count }, (_, row) =>
        Buffer.from(images.subarray(row * 3072, (row + 1) * 3072)).toString('latin1'),
      );
    const tested = new Set(out.flatMap(({ images }) => keys(images)));
    expect(keys(seenTrain).filter((key) => tested.has(key))).toEqual([]);
    // Uniform noise: every brightness alike
    const noise = seenTrain.images.subarray(-20 * 3072);
    expect(noise.reduce((sum, value) => sum + value, 0) / noise.length).toBeCloseTo(127.5, -1);
    expect(noise.filter((value) => value < 16).length / noise.length).toBeCloseTo(1 / 16, 2);
  });

  test('a list that is not there', { timeout: 300_000 }, async () => {
    await expect(realSets('svhn', seenParts('lsun:10'), data, settings, 1)).rejects.toThrow(
      /image lists that .* has, got lsun/,
    );
  });
});
