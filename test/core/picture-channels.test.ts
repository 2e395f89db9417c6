import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { pixelsWithChannels } from '../../src/core/picture-channels';
import luma from '../fixtures/luma.json';

const pixels = (from: 1 | 2 | 3 | 4, to: 1 | 3 | 4, ...data: number[]) => [
  ...pixelsWithChannels(Uint8Array.from(data), from, to),
];

test('all colors become the gray that Pillow makes of them', () => {
  for (const [color, gray] of luma.some as [number[], number][]) expect(pixels(3, 1, ...color)).toEqual([gray]);
  const digest = createHash('sha256');
  const colors = new Uint8Array(3 * 2 ** 16);
  for (let red = 0; red < 256; red++) {
    for (let i = 0; i < 2 ** 16; i++) colors.set([red, i >> 8, i & 255], 3 * i);
    digest.update(pixelsWithChannels(colors, 3, 1));
  }
  expect(digest.digest('hex')).toBe(luma.sha256OfAll);
});

test('gray and back is without loss', () => {
  const grays = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(pixelsWithChannels(pixelsWithChannels(grays, 1, 3), 3, 1)).toEqual(grays);
});

test('of every number of channels every other', () => {
  expect(pixels(1, 1, 7, 8)).toEqual([7, 8]);
  expect(pixels(1, 3, 7, 8)).toEqual([7, 7, 7, 8, 8, 8]);
  expect(pixels(1, 4, 7, 8)).toEqual([7, 7, 7, 255, 8, 8, 8, 255]);
  expect(pixels(2, 1, 7, 100, 8, 0)).toEqual([7, 8]);
  expect(pixels(2, 3, 7, 100, 8, 0)).toEqual([7, 7, 7, 8, 8, 8]);
  expect(pixels(2, 4, 7, 100, 8, 0)).toEqual([7, 7, 7, 100, 8, 8, 8, 0]);
  expect(pixels(3, 3, 1, 2, 3, 4, 5, 6)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(pixels(3, 4, 1, 2, 3, 4, 5, 6)).toEqual([1, 2, 3, 255, 4, 5, 6, 255]);
  expect(pixels(4, 3, 1, 2, 3, 0, 4, 5, 6, 9)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(pixels(4, 4, 1, 2, 3, 0, 4, 5, 6, 9)).toEqual([1, 2, 3, 0, 4, 5, 6, 9]);
  expect(pixels(4, 1, 255, 0, 0, 3)).toEqual([76]);
});

test('it is an array of its own', () => {
  const own = Uint8Array.of(1, 2, 3);
  const same = pixelsWithChannels(own, 3, 3);
  same[0] = 9;
  expect([...own]).toEqual([1, 2, 3]);
});
