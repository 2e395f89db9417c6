import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { ArgumentError, FormatError, seededRandom } from 'tfjs-ood';
import { readImageList, readPictures, type PictureFile, type ReadPicturesOptions } from 'tfjs-ood/node';
import luma from '../fixtures/luma.json';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();

function noise(height: number, width: number, seed = 1) {
  const random = seededRandom(seed);
  const data = Uint8Array.from({ length: height * width * 3 }, () => random.integer(256));
  return {
    data,
    png: () =>
      sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer(),
  };
}
const complaint = async (files: unknown, options?: ReadPicturesOptions) => {
  const error = (await readPictures(files as PictureFile[], options).catch((error: unknown) => error)) as FormatError;
  expect(error).toSatisfy((one) => one instanceof FormatError || one instanceof ArgumentError);
  return error.details;
};

describe('pixels', () => {
  test('of paths, bytes and Buffers, in their order', async () => {
    const home = place();
    await mkdir(home);
    const sets = Array.from({ length: 20 }, (_, i) => noise(4, 6, i));
    const files = await Promise.all(
      sets.map(async ({ png }, i): Promise<PictureFile> => {
        const bytes = await png();
        if (i % 3 === 0) return bytes;
        // Bytes within others, as of a file that holds several
        if (i % 3 === 1) return new Uint8Array([9, 9, ...bytes, 9]).subarray(2, 2 + bytes.length);
        await writeFile(join(home, `${i}.png`), bytes);
        return join(home, `${i}.png`);
      }),
    );
    const progress: number[] = [];
    const { images, shape } = await readPictures(files, { onProgress: (done, total) => progress.push(done, total) });
    expect(shape).toEqual([20, 4, 6, 3]);
    expect(images).toEqual(Uint8Array.from(sets.flatMap(({ data }) => [...data])));
    expect(progress).toEqual(sets.flatMap((_, i) => [i + 1, 20]));
    const few = await readPictures(files, { limit: 3 });
    expect([few.shape, few.images]).toEqual([[3, 4, 6, 3], images.subarray(0, 3 * 72)]);
  });

  test('resized as a list of images is', async () => {
    const home = place();
    await mkdir(join(home, 'images'), { recursive: true });
    const png = await noise(20, 30).png();
    await writeFile(join(home, 'images', 'a.png'), png);
    await writeFile(join(home, 'images.txt'), 'a.png');
    for (const kernel of ['cubic', 'linear'] as const) {
      const listed = await readImageList(home, { size: [8, 9], kernel });
      expect((await readPictures([png], { size: [8, 9], kernel })).images).toEqual(listed.images);
    }
  });

  test('gray by the luma of colors, before it is resized', async () => {
    const colors = luma.some as [number[], number][];
    const data = Uint8Array.from(colors.flatMap(([color]) => color));
    const png = await sharp(data, { raw: { width: colors.length, height: 1, channels: 3 } })
      .png()
      .toBuffer();
    const gray = await readPictures([png, png], { channels: 1 });
    expect(gray.shape).toEqual([2, 1, colors.length, 1]);
    expect([...gray.images]).toEqual([...colors, ...colors].map(([, own]) => own));
    const flat = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#0c8cf0' } })
      .png()
      .toBuffer();
    const { images, shape } = await readPictures([flat], { channels: 1, size: [2, 3] });
    expect(shape).toEqual([1, 2, 3, 1]);
    expect([...images]).toEqual(Array(6).fill(Math.round(0.299 * 0x0c + 0.587 * 0x8c + 0.114 * 0xf0)));
  });

  test('cover cuts off evenly, fill squeezes', async () => {
    // Stripes: a quarter red, half green, a quarter blue.
    const stripes = Uint8Array.from(
      Array.from({ length: 16 * 32 }, (_, p) =>
        p % 32 < 8 ? [255, 0, 0] : p % 32 < 24 ? [0, 255, 0] : [0, 0, 255],
      ).flat(),
    );
    const lying = await sharp(stripes, { raw: { width: 32, height: 16, channels: 3 } })
      .png()
      .toBuffer();
    const standing = await sharp(lying).rotate(90).png().toBuffer();
    const pixel = ({ images }: { images: Uint8Array }, at: number) => [...images.subarray(3 * at, 3 * at + 3)];
    for (const [file, first, last] of [
      [lying, 0, 3],
      [standing, 0, 12],
    ] as const) {
      const cover = await readPictures([file], { size: [4, 4], fit: 'cover', kernel: 'linear' });
      expect(cover.shape).toEqual([1, 4, 4, 3]);
      // The middle of the cut is green alone; at its edges the kernel reaches into what was cut off.
      for (const at of [5, 6, 9, 10]) expect(pixel(cover, at)).toEqual([0, 255, 0]);
      expect(pixel(cover, first)[1]).toBeGreaterThan(200);
      expect(pixel(cover, last)[1]).toBeGreaterThan(200);
      const fill = await readPictures([file], { size: [4, 4], kernel: 'linear' });
      expect(pixel(fill, first)[0]! + pixel(fill, last)[0]!).toBeGreaterThan(200);
      expect(pixel(fill, first)[2]! + pixel(fill, last)[2]!).toBeGreaterThan(200);
    }
  });

  test('turned as EXIF says, unless that is not wanted', async () => {
    const home = place();
    await mkdir(join(home, 'images'), { recursive: true });
    const half = Uint8Array.from(
      Array.from({ length: 8 * 16 }, (_, p) => Array<number>(3).fill(p % 16 < 8 ? 0 : 255)).flat(),
    );
    const jpeg = await sharp(half, { raw: { width: 16, height: 8, channels: 3 } })
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 100 })
      .toBuffer();
    const upright = await readPictures([jpeg]);
    expect(upright.shape).toEqual([1, 16, 8, 3]);
    // A quarter clockwise: what was left is above.
    expect(upright.images[0]).toBeLessThan(20);
    expect(upright.images[7 * 3]).toBeLessThan(20);
    expect(upright.images.at(-1)).toBeGreaterThan(235);
    const lying = await readPictures([jpeg], { orient: false });
    expect(lying.shape).toEqual([1, 8, 16, 3]);
    expect(lying.images[0]).toBeLessThan(20);
    expect(lying.images[15 * 3]).toBeGreaterThan(235);
    await writeFile(join(home, 'images', 'a.jpg'), jpeg);
    await writeFile(join(home, 'images.txt'), 'a.jpg');
    expect((await readImageList(home)).images).toEqual(lying.images);
  });
});

describe('what cannot be read', () => {
  test('more pixels than were allowed, before they are decoded', async () => {
    const { png } = noise(30, 40);
    expect((await readPictures([await png()], { maxPixels: 1200 })).shape).toEqual([1, 30, 40, 3]);
    expect(await complaint([await png()], { maxPixels: 1199, size: [4, 4] })).toEqual({
      where: 'readPictures',
      what: 'files[0]',
      expected: 'a picture of at most 1199 pixels',
      received: 'one of more',
    });
    // A file of some bytes that says it has 300 million pixels: the default refuses it by its header
    const bomb = Buffer.from(await png());
    bomb.writeUInt32BE(20_000, 16);
    bomb.writeUInt32BE(15_000, 20);
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    expect((await complaint([bomb])).expected).toBe('a picture of at most 134217728 pixels');
  });

  test('no picture: the file and its index', async () => {
    const good = await noise(4, 4).png();
    const home = place();
    await mkdir(home);
    const text = join(home, 'a.png');
    await writeFile(text, '<html></html>');
    const refused = { where: 'readPictures', expected: 'a whole JPEG or PNG image' };
    expect(await complaint([good, text])).toMatchObject({
      ...refused,
      what: `files[1] (${text})`,
      received: 'another kind of file at byte 0',
    });
    expect(await complaint([good, good, Buffer.from('GIF89a')])).toMatchObject({ ...refused, what: 'files[2]' });
    expect(await complaint([new Uint8Array()])).toMatchObject({
      ...refused,
      what: 'files[0]',
      received: 'an empty file at byte 0',
    });
    expect((await complaint([good, join(home, 'none.png')])).received).toMatch('ENOENT');
    expect((await complaint([home])).received).toMatch('a folder');
    expect(await complaint([good, good.subarray(0, -30)])).toMatchObject({ ...refused, what: 'files[1]' });
  });

  test('another size than the first', async () => {
    const files = [await noise(4, 4).png(), await noise(4, 5).png()];
    expect(await complaint(files)).toMatchObject({
      what: 'files[1]',
      expected: 'an image of [4, 4, 3], as the first (or give a size)',
      received: '[4, 5, 3] at byte 0',
    });
    expect((await complaint(files, { channels: 1 })).received).toBe('[4, 5, 1] at byte 0');
    expect((await readPictures(files, { size: [4, 4] })).shape).toEqual([2, 4, 4, 3]);
  });

  test('no list of files', async () => {
    const expected = 'a list of paths or bytes (Uint8Array) of JPEG or PNG files, at least one';
    const asked = { where: 'readPictures', what: 'files', expected };
    expect(await complaint([])).toMatchObject({ ...asked, received: 'none' });
    expect(await complaint('photos')).toMatchObject({ ...asked, received: 'string' });
    expect(await complaint(null)).toMatchObject(asked);
    expect(await complaint(['a.png', 5])).toMatchObject({ ...asked, received: 'number at index 1' });
    expect(await complaint([new ArrayBuffer(4)])).toMatchObject({ ...asked, received: 'object at index 0' });
  });

  test('more bytes than there may be', async () => {
    const png = await noise(2, 2).png();
    const files = Array.from({ length: 100 }, () => png);
    const { received, expected } = await complaint(files, { size: [4096, 4096] });
    expect(received).toBe('100 of [4096, 4096, 3]');
    expect(expected).toMatch('pictureBlocks');
  });
});
