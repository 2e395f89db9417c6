import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { ArgumentError, FormatError, ShapeError } from 'tfjs-ood';
import { listPictures, pictureBlocks, readClassFolders, readPictures, type PictureBlock } from 'tfjs-ood/node';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();
const shade = (gray: number, height = 2, width = 3) =>
  sharp({ create: { width, height, channels: 3, background: { r: gray, g: gray, b: gray } } })
    .png()
    .toBuffer();

let shades: Buffer[] = [];
beforeAll(async () => {
  shades = await Promise.all(Array.from({ length: 11 }, (_, i) => shade(i * 20)));
});

async function folderOf(files: Record<string, Buffer | string>): Promise<string> {
  const home = place();
  await mkdir(home);
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(home, name)), { recursive: true });
    await writeFile(join(home, name), bytes);
  }
  return home;
}
async function all(blocks: AsyncIterable<PictureBlock>): Promise<PictureBlock[]> {
  const list: PictureBlock[] = [];
  for await (const block of blocks) list.push(block);
  return list;
}
const failure = async (blocks: () => AsyncIterable<PictureBlock>) => {
  const tried = async () => all(blocks());
  return (await tried().catch((error: unknown) => error)) as FormatError;
};

describe('blocks of files', () => {
  test('together they are what reading all at once gives, whatever the size of a block', async () => {
    const { images } = await readPictures(shades, { size: [4, 4] });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 13 }), async (blockSize) => {
        const blocks = await all(
          pictureBlocks(shades, { size: [4, 4], blockSize, labels: shades.map((_, i) => i % 3) }),
        );
        expect(blocks.map(({ shape }) => shape[0])).toEqual(
          Array.from({ length: Math.ceil(11 / blockSize) }, (_, b) => Math.min(blockSize, 11 - b * blockSize)),
        );
        for (const { images, shape, labels } of blocks) {
          expect(shape.slice(1)).toEqual([4, 4, 3]);
          expect(images).toHaveLength(shape[0] * 48);
          expect(labels).toBeInstanceOf(Int32Array);
        }
        expect(Uint8Array.from(blocks.flatMap((block) => [...block.images]))).toEqual(images);
        expect(blocks.flatMap(({ labels }) => [...labels!])).toEqual(shades.map((_, i) => i % 3));
      }),
      { numRuns: 13 },
    );
  });

  test('without labels there are none', async () => {
    const [block, ...more] = await all(pictureBlocks(shades));
    expect(Object.keys(block!)).toEqual(['images', 'shape']);
    expect([block!.shape, more]).toEqual([[11, 2, 3, 3], []]); // 64 is more
  });

  test('gone through again they are the same, and two at a time do not meet', async () => {
    const blocks = pictureBlocks(shades, { blockSize: 4 });
    const [first, second] = await Promise.all([all(blocks), all(blocks)]);
    expect(first).toEqual(second);
    expect(first[0]!.images).not.toBe(second[0]!.images);
  });

  test('a file is opened when its block is asked for, and not after the loop was left', async () => {
    const home = await folderOf(Object.fromEntries(shades.map((bytes, i) => [`${i}.png`, bytes])));
    const files = shades.map((_, i) => join(home, `${i}.png`));
    const blocks = pictureBlocks(files, { blockSize: 3 })[Symbol.asyncIterator]();
    expect(((await blocks.next()).value as PictureBlock).images[0]).toBe(0);
    await writeFile(files[3]!, await shade(99)); // block 1, not read yet
    expect(((await blocks.next()).value as PictureBlock).images[0]).toBe(99);
    await rm(files[7]!); // block 2
    const error = (await blocks.next().catch((error: unknown) => error)) as FormatError;
    expect(error.details.what).toBe(`files[7] (${files[7]})`);
    for await (const { images } of pictureBlocks(files, { blockSize: 3 })) {
      expect(images[0]).toBe(0);
      break;
    }
  });

  test('later changes of the list and the labels change nothing', async () => {
    const [files, labels] = [[...shades], shades.map(() => 1)];
    const blocks = pictureBlocks(files, { labels });
    files.length = 1;
    labels.fill(2);
    const [block] = await all(blocks);
    expect([block!.shape[0], block!.labels![0]]).toEqual([11, 1]);
  });
});

describe('blocks of a folder', () => {
  test('with class folders: as readClassFolders has it', async () => {
    const home = await folderOf({
      'sign 10/a.png': shades[1]!,
      'sign 2/b.png': shades[2]!,
      'sign 2/a.jpg': await sharp(shades[3]).jpeg().toBuffer(),
      'sign 2/notes.txt': 'text',
      'empty/.hidden.png': shades[1]!,
    });
    await symlink(join(home, 'sign 2'), join(home, 'sign 30'));
    const whole = await readClassFolders(home);
    const blocks = await all(pictureBlocks(home, { blockSize: 2 }));
    expect(blocks.map(({ shape }) => shape[0])).toEqual([2, 2, 1]);
    expect(Uint8Array.from(blocks.flatMap(({ images }) => [...images]))).toEqual(whole.images);
    expect(blocks.flatMap(({ labels }) => [...labels!])).toEqual([0, 0, 1, 2, 2]);
    for (const { classNames } of blocks) expect(classNames).toEqual(['sign 2', 'sign 10', 'sign 30']);
    expect(whole.classNames).toEqual(['sign 2', 'sign 10', 'sign 30']);
  });

  test('with images right below it: without labels', async () => {
    const home = await folderOf({ 'b.png': shades[2]!, 'a.png': shades[1]!, 'Thumbs.db': 'no', 'sub/notes.txt': 'no' });
    const [block] = await all(pictureBlocks(home, { channels: 1 }));
    expect(block).toEqual({
      images: Uint8Array.from([...Array<number>(6).fill(20), ...Array<number>(6).fill(40)]),
      shape: [2, 2, 3, 1],
    });
  });

  test('what it cannot be', async () => {
    const both = await folderOf({ 'a.png': shades[1]!, 'class/b.png': shades[1]! });
    const asked = { where: 'pictureBlocks', what: 'folder' };
    expect((await failure(() => pictureBlocks(both))).details).toMatchObject({
      ...asked,
      received: `${both}, which has both`,
    });
    const none = await folderOf({ 'a.txt': 'no', 'class/b.txt': 'no' });
    expect((await failure(() => pictureBlocks(none))).details).toMatchObject({
      ...asked,
      received: `${none}, which has none (but 2 .txt)`,
    });
    const missing = await failure(() => pictureBlocks(join(none, 'nowhere')));
    expect(missing).toBeInstanceOf(ArgumentError);
    expect(missing.details.received).toMatch('ENOENT');
    for (const name of ['class/c.webp', 'c.HEIC']) {
      const odd = await folderOf({ 'class/a.png': shades[1]!, [name]: 'some' });
      const error = await failure(() => pictureBlocks(odd));
      expect(error).toBeInstanceOf(FormatError);
      expect(error.details.what).toBe(join(odd, name));
    }
  });
});

describe('what is refused', () => {
  test('at once: lists and labels that do not fit', () => {
    const refused = (call: () => unknown, kind: new (...args: never[]) => Error, what: string, received: string) => {
      expect(call).toThrow(kind);
      expect(call).toThrow(`pictureBlocks: ${what} must be`);
      expect(call).toThrow(received);
    };
    refused(() => pictureBlocks([]), ArgumentError, 'files', 'got none');
    refused(() => pictureBlocks(5 as never), ArgumentError, 'files', 'number');
    refused(() => pictureBlocks(null as never), ArgumentError, 'files', 'object');
    refused(() => pictureBlocks(['a.png', 5 as never]), ArgumentError, 'files', 'number at index 1');
    refused(() => pictureBlocks(shades, { labels: [1, 2] }), ShapeError, 'labels', '[2]');
    refused(() => pictureBlocks(shades, { labels: shades.map(() => 0.5) }), ArgumentError, 'labels', '0.5 at index 0');
    refused(() => pictureBlocks('photos', { labels: [1] }), ArgumentError, 'labels', '1');
  });

  test('in the loop: no picture, or another size than in the first block', async () => {
    const files = [...shades.slice(0, 4), await shade(7, 2, 4)];
    const size = await failure(() => pictureBlocks(files, { blockSize: 3 }));
    expect(size.details).toMatchObject({
      where: 'pictureBlocks',
      what: 'files[4]',
      expected: 'an image of [2, 3, 3], as the first (or give a size)',
    });
    // As the first of its block, too.
    expect((await failure(() => pictureBlocks(files, { blockSize: 2 }))).details.what).toBe('files[4]');
    const mixed = [...files, Buffer.from('no picture')];
    const kind = await failure(() => pictureBlocks(mixed, { size: [2, 2], blockSize: 3 }));
    expect(kind.details).toMatchObject({ what: 'files[5]', received: 'another kind of file at byte 0' });
  });
});

describe('the files of a folder', () => {
  test('class by class, 2 before 10, without reading any', async () => {
    const home = await folderOf({ '10/a.png': 'no picture', '2/b.jpg': 'none', '2/a.JPEG': 'none', '2/c.txt': 'text' });
    const files = ['2/a.JPEG', '2/b.jpg', '10/a.png'].map((name) => join(home, name));
    expect(await listPictures(home)).toEqual({ files, labels: Int32Array.of(0, 0, 1), classNames: ['2', '10'] });
  });

  test('right below it there are no classes', async () => {
    const home = await folderOf({ 'b.png': '', 'a.png': '' });
    expect(await listPictures(home)).toEqual({ files: [join(home, 'a.png'), join(home, 'b.png')] });
  });

  test('a folder without pictures: what it has in their place', async () => {
    const kinds = Object.fromEntries(['a.ppm', 'b.ppm', 'c/d', 'e.1', 'f.2', 'g.3', 'h.4'].map((name) => [name, '']));
    await expect(listPictures(await folderOf(kinds))).rejects.toThrow(
      /^listPictures: folder must be .* which has none \(but 2 \.ppm, 1 without an ending, 1 \.1, 1 \.2, 1 \.3, 1 other\)$/,
    );
    await expect(listPictures(await folderOf({}))).rejects.toThrow(/which has none, nor other files$/);
    await expect(readClassFolders(await folderOf({ 'a/b.ppm': '' }))).rejects.toThrow(/has none \(but 1 \.ppm\)$/);
  });
});
