import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { ArgumentError, ShapeError } from 'tfjs-ood';
import { isPicture, picturePixels, type Picture } from '../../src/detector/input/picture';

const read = (picture: unknown, channels: 1 | 3 | 4 = 3) => picturePixels('asked', picture as Picture, channels);
const complaint = async (picture: unknown) => {
  const error = (await read(picture).catch((error: unknown) => error)) as ArgumentError;
  expect(error).toSatisfy((one) => one instanceof ArgumentError || one instanceof ShapeError);
  return error.details;
};

describe('pixels that are there already', () => {
  test('ImageData and what is like it, of each number of channels', async () => {
    const data = Uint8ClampedArray.of(10, 20, 30, 255, 40, 50, 60, 0);
    expect(await read({ data, width: 2, height: 1 })).toEqual({
      data: Uint8Array.of(10, 20, 30, 40, 50, 60),
      height: 1,
      width: 2,
    });
    expect(await read({ data, width: 1, height: 2 }, 1)).toEqual({ data: Uint8Array.of(18, 48), height: 2, width: 1 });
    expect((await read({ data, width: 1, height: 2 }, 4)).data).toEqual(Uint8Array.from(data));
    expect((await read({ data: Uint8Array.of(5, 6), width: 2, height: 1 })).data).toEqual(
      Uint8Array.of(5, 5, 5, 6, 6, 6),
    );
    expect((await read({ data: Buffer.of(5, 6, 7), width: 1, height: 1 }, 1)).data).toEqual(Uint8Array.of(6));
    expect((await read({ data: Buffer.of(5, 6), width: 1, height: 1 }, 4)).data).toEqual(Uint8Array.of(5, 5, 5, 6));
  });

  test('with all channels it comes back as it was, whatever the size', async () => {
    const sides = fc.integer({ min: 1, max: 9 });
    await fc.assert(
      fc.asyncProperty(sides, sides, fc.constantFrom(1, 3, 4), async (height, width, channels) => {
        const data = Uint8ClampedArray.from({ length: height * width * channels }, (_, i) => (i * 89) % 256);
        const pixels = await read({ data, width, height }, channels);
        expect(pixels).toEqual({ data: Uint8Array.from(data), height, width });
      }),
    );
  });

  test('what sharp gives', async () => {
    const color = { create: { width: 3, height: 2, channels: 3 as const, background: '#102030' } };
    const decoded = await sharp(color).png().toBuffer();
    const raw = await sharp(decoded).raw().toBuffer({ resolveWithObject: true });
    expect(await read(raw)).toEqual({
      data: Uint8Array.from({ length: 18 }, (_, i) => 16 * (1 + (i % 3))),
      height: 2,
      width: 3,
    });
    const gray = await sharp(decoded).toColorspace('b-w').raw().toBuffer({ resolveWithObject: true });
    expect(gray.info.channels).toBe(1);
    expect((await read(gray)).data).toHaveLength(18);
    const encoded = await sharp(decoded).png().toBuffer({ resolveWithObject: true });
    expect((await complaint(encoded)).expected).toMatch('raw()');
    const deep = await sharp(decoded).raw({ depth: 'ushort' }).toBuffer({ resolveWithObject: true });
    expect((await complaint(deep)).expected).toMatch('height x width x 3 bytes');
  });

  test('it is read at the call, and the pixels are a copy', async () => {
    const data = Uint8ClampedArray.of(1, 2, 3, 255);
    const later = read({ data, width: 1, height: 1 });
    data.fill(9);
    const { data: pixels } = await later;
    expect([...pixels]).toEqual([1, 2, 3]);
  });

  test('of another realm', async () => {
    const { runInNewContext } = await import('node:vm');
    const foreign = runInNewContext('({ data: new Uint8ClampedArray([1, 2, 3, 4]), width: 1, height: 1 })') as Picture;
    expect((foreign as { data: unknown }).data).not.toBeInstanceOf(Uint8ClampedArray);
    expect((await read(foreign)).data).toEqual(Uint8Array.of(1, 2, 3));
  });
});

test('a canvas of a package, where there is no other, is read by its own context', async () => {
  const canvas = {
    width: 2,
    height: 1,
    getContext: () => ({
      getImageData: (x: number, y: number, width: number, height: number) => {
        expect([x, y, width, height]).toEqual([0, 0, 2, 1]);
        return { data: Uint8ClampedArray.of(1, 2, 3, 255, 4, 5, 6, 255) };
      },
    }),
  };
  expect(await read(canvas)).toEqual({ data: Uint8Array.of(1, 2, 3, 4, 5, 6), height: 1, width: 2 });
  expect(canvas.width).toBe(2);
});

describe('what is no picture, or none that can be read', () => {
  test('wrong bytes are named by their type or number', async () => {
    const size = { width: 2, height: 2 };
    expect(await complaint({ data: new Float32Array(16), ...size })).toMatchObject({
      where: 'asked',
      what: 'picture.data',
      received: 'Float32Array',
    });
    expect((await complaint({ data: new Uint16Array(16), ...size })).received).toBe('Uint16Array');
    expect((await complaint({ data: new Int8Array(16), ...size })).received).toBe('Int8Array');
    for (const length of [0, 3, 5, 15, 17, 20])
      expect((await complaint({ data: new Uint8Array(length), ...size })).received).toBe(`${length} bytes for 2 x 2`);
    for (const side of [0, -1, 1.5, NaN, Infinity]) {
      expect((await complaint({ data: new Uint8Array(4), width: side, height: 1 })).what).toBe('picture.data');
      expect((await complaint({ data: new Uint8Array(4), width: 1, height: side })).what).toBe('picture.data');
    }
    expect((await complaint({ data: new Uint8Array(4), width: -1, height: -1 })).what).toBe('picture.data');
    const info = { width: 2, height: 2, channels: 3 };
    expect((await complaint({ data: new Uint8Array(16), info })).received).toBe('16 bytes for 2 x 2');
    const wide = { data: new Uint8ClampedArray(16), ...size, colorSpace: 'display-p3' };
    expect(await complaint(wide)).toMatchObject({ what: 'picture.colorSpace', received: 'display-p3' });
  });

  test('the error calls it what the caller does', async () => {
    const error = await picturePixels('asked', 5 as never, 3, 'images[7]').catch((error: unknown) => error);
    expect(String(error)).toMatch('asked: images[7] must be a picture (ImageData, canvas');
  });

  test('of other numbers of channels there are no pictures', async () => {
    const picture = { data: new Uint8Array(4), width: 1, height: 1 };
    for (const channels of [0, 2, 5, 1.5]) {
      const error = (await picturePixels('asked', picture, channels).catch((error: unknown) => error)) as ArgumentError;
      expect(error.details).toMatchObject({
        what: 'picture',
        expected: `an array or tensor of ${channels} channels`,
        received: 'a picture, of 1, 3 or 4',
      });
    }
  });

  test('a Blob in Node is sent to the reader of files', async () => {
    const blob = new Blob([new Uint8Array(4)], { type: 'image/png' });
    expect(isPicture(blob)).toBe(true);
    expect(await complaint(blob)).toMatchObject({ received: 'Blob', expected: expect.stringMatching('readPictures') });
  });

  test('a bitmap where there is no canvas', async () => {
    const bitmap = { width: 1, height: 1, close: () => undefined };
    expect((await complaint(bitmap)).expected).toBe('pixels where there is no canvas to draw on');
  });

  test('what else people have is none', async () => {
    const tensor = tf.zeros([2, 2, 3]);
    const others = [
      ...[null, undefined, 5, 'a.png', true, () => 1, [], {}, Promise.resolve({}), new Uint8Array(4), Symbol('a')],
      { data: new Float32Array(4), shape: [2, 2] },
      { data: new Uint8Array(4), dims: [2, 2] },
      { images: new Uint8Array(12), shape: [1, 2, 2, 3] },
      { data: [1, 2, 3], width: 1, height: 1 },
      { width: 1, height: 1 },
      { data: new Uint8Array(4), width: '1', height: 1 },
      tensor,
    ];
    for (const other of others) expect(isPicture(other)).toBe(false);
    for (const other of others.filter((one) => typeof one !== 'symbol'))
      expect((await complaint(other)).expected).toMatch(/^a picture/);
    tensor.dispose();
  });
});
