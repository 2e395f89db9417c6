import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { ArgumentError, FormatError, seededRandom } from 'tfjs-ood';
import { readImageList } from 'tfjs-ood/node';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();

async function makeList(images: Record<string, Buffer>, text = Object.keys(images).join('\n')): Promise<string> {
  const home = place();
  await mkdir(join(home, 'images', 'sub'), { recursive: true });
  await writeFile(join(home, 'images.txt'), text);
  for (const [name, bytes] of Object.entries(images)) await writeFile(join(home, 'images', name), bytes);
  return home;
}
const noise = (height: number, width: number, channels: 1 | 2 | 3 | 4, seed = 1) => {
  const random = seededRandom(seed);
  const data = Uint8Array.from({ length: height * width * channels }, () => random.integer(256));
  return { data, image: sharp(data, { raw: { width, height, channels } }) };
};

describe('pixels', () => {
  test('a PNG comes back exactly, in the order of the list, whatever is decoded first', async () => {
    const sets = Array.from({ length: 30 }, (_, i) => noise(5, 7, 3, i));
    const files: Record<string, Buffer> = {};
    for (const [i, { image }] of sets.entries()) files[`sub/${(i * 7) % 30}.png`] = await image.png().toBuffer();
    const home = await makeList(files, `\uFEFF${Object.keys(files).join('\r\n')}\r\n\r\n`);
    const progress: number[] = [];
    const { images, shape, names } = await readImageList(home, {
      onProgress: (done, total) => progress.push(done, total),
    });
    expect(shape).toEqual([30, 5, 7, 3]);
    expect(names).toEqual(Object.keys(files));
    sets.forEach(({ data }, i) => expect([...images.subarray(i * 105, (i + 1) * 105)]).toEqual([...data]));
    expect(progress).toEqual(Array.from({ length: 30 }, (_, i) => [i + 1, 30]).flat());
  });

  test('gray becomes three equal channels; alpha goes, the colors below it stay; sixteen bits become eight', async () => {
    const [gray, grayAlpha, colorAlpha] = [noise(4, 4, 1), noise(4, 4, 2), noise(4, 4, 4)];
    const deep = Uint16Array.from({ length: 48 }, (_, i) => i * 1365);
    const home = await makeList({
      'gray.png': await gray.image.toColorspace('b-w').png().toBuffer(),
      'gray-alpha.png': await grayAlpha.image.toColorspace('b-w').png().toBuffer(),
      'color-alpha.png': await colorAlpha.image.png().toBuffer(),
      'deep.png': await sharp(deep, { raw: { width: 4, height: 4, channels: 3 } })
        .toColorspace('rgb16')
        .png()
        .toBuffer(),
      'palette.png': await sharp({ create: { width: 4, height: 4, channels: 3, background: '#102030' } })
        .png({ palette: true })
        .toBuffer(),
    });
    const depths = await Promise.all(
      ['gray.png', 'gray-alpha.png', 'deep.png'].map(async (name) => {
        const { channels, depth } = await sharp(join(home, 'images', name)).metadata();
        return [channels, depth];
      }),
    );
    expect(depths).toEqual([
      [1, 'uchar'],
      [2, 'uchar'],
      [3, 'ushort'],
    ]);
    const { images } = await readImageList(home);
    const image = (i: number) => [...images.subarray(i * 48, (i + 1) * 48)];
    const each = (data: Uint8Array, step: number, pick: number[]) =>
      Array.from({ length: 16 }, (_, p) => pick.map((c) => data[p * step + c]!)).flat();
    expect(image(0)).toEqual(each(gray.data, 1, [0, 0, 0]));
    expect(image(1)).toEqual(each(grayAlpha.data, 2, [0, 0, 0]));
    expect(image(2)).toEqual(each(colorAlpha.data, 4, [0, 1, 2]));
    expect(image(3)).toEqual([...deep].map((value) => value >> 8));
    expect(image(4)).toEqual(Array.from({ length: 16 }, () => [16, 32, 48]).flat());
  });

  test('a gray JPEG too, and resizing does the same to a JPEG and to its pixels', async () => {
    const jpeg = await noise(64, 64, 1).image.toColorspace('b-w').jpeg().toBuffer();
    expect((await sharp(jpeg).metadata()).channels).toBe(1);
    const png = await sharp(jpeg).png().toBuffer();
    const color = await noise(64, 64, 3).image.jpeg().toBuffer();
    const home = await makeList({
      'a.jpg': jpeg,
      'a.png': png,
      'b.JPEG': color,
      'b.png': await sharp(color).png().toBuffer(),
    });
    const { images } = await readImageList(home, { size: [32, 32] });
    const [a, b] = [0, 2].map((i) => images.subarray(i * 3072, (i + 1) * 3072));
    expect([...a!]).toEqual([...images.subarray(3072, 6144)]);
    expect([...b!]).toEqual([...images.subarray(9216, 12_288)]);
    for (let i = 0; i < a!.length; i += 3) expect(a![i] === a![i + 1] && a![i] === a![i + 2]).toBe(true);
  });

  const kernels = {
    cubic: (x: number) => {
      const t = Math.abs(x);
      return t < 1 ? 1.5 * t ** 3 - 2.5 * t ** 2 + 1 : t < 2 ? -0.5 * t ** 3 + 2.5 * t ** 2 - 4 * t + 2 : 0;
    },
    linear: (x: number) => Math.max(0, 1 - Math.abs(x)),
  };
  test.each([
    ['cubic', undefined],
    ['cubic', 'cubic'],
    ['linear', 'linear'],
  ] as const)('halving is the %s kernel, widened to twice its size, for kernel %s', async (name, kernel) => {
    // Oracle: the sum over the eight source pixels around each new one, first down, then across, edges repeated.
    const weightAt = kernels[name];
    const size = 16;
    const flat = Uint8Array.from({ length: size * size * 3 }, (_, i) => {
      const [y, x] = [Math.floor(i / (size * 3)), Math.floor(i / 3) % size];
      return Math.round(128 + 60 * Math.sin(y * 0.9) + 50 * Math.cos(x * 1.1 + (i % 3)));
    });
    const home = await makeList({
      'a.png': await sharp(flat, { raw: { width: size, height: size, channels: 3 } })
        .png()
        .toBuffer(),
    });
    const { images } = await readImageList(home, { size: [8, 8], ...(kernel && { kernel }) });
    const at = (y: number, x: number, c: number) =>
      flat[(Math.min(size - 1, Math.max(0, y)) * size + Math.min(size - 1, Math.max(0, x))) * 3 + c]!;
    const offsets = Array.from({ length: 8 }, (_, k) => k - 3);
    for (let y = 2; y < 6; y++) {
      for (let x = 2; x < 6; x++) {
        for (let c = 0; c < 3; c++) {
          let [sum, weights] = [0, 0];
          for (const dy of offsets) {
            for (const dx of offsets) {
              const weight = weightAt((dy - 0.5) / 2) * weightAt((dx - 0.5) / 2);
              sum += weight * at(2 * y + dy, 2 * x + dx, c);
              weights += weight;
            }
          }
          expect(Math.abs(images[(y * 8 + x) * 3 + c]! - sum / weights)).toBeLessThanOrEqual(1.5);
        }
      }
    }
  });

  test('height comes before width, and what has the size stays as it is', async () => {
    const { data, image } = noise(6, 9, 3);
    const home = await makeList({ 'a.png': await image.png().toBuffer() });
    expect([...(await readImageList(home, { size: [6, 9] })).images]).toEqual([...data]);
    expect((await readImageList(home, { size: [2, 5] })).shape).toEqual([1, 2, 5, 3]);
  });
});

describe('refusing', () => {
  test('names that leave the folder', async () => {
    const png = await noise(2, 2, 3).image.png().toBuffer();
    const outside = await makeList({ 'a.png': png });
    const secret = join(outside, 'images', 'a.png');
    for (const name of [
      '../secret.png',
      secret,
      'sub/../../secret.png',
      'sub/..',
      'a\0.png',
      '.',
      'link/a.png',
      'link.png',
    ]) {
      const home = await makeList({ 'ok.png': png }, `ok.png\n${name}`);
      await writeFile(join(home, 'secret.png'), png);
      await symlink(join(outside, 'images'), join(home, 'images', 'link'));
      await symlink(secret, join(home, 'images', 'link.png'));
      await expect(readImageList(home)).rejects.toThrow(FormatError);
      await expect(readImageList(home)).rejects.toThrow('names of files below images/');
    }
  });

  test('an image of more pixels than cameras have is refused by its header', async () => {
    const bomb = await noise(2, 2, 3).image.png().toBuffer();
    bomb.writeUInt32BE(20_000, 16);
    bomb.writeUInt32BE(7000, 20); // width and height, in the first chunk
    bomb.writeUInt32BE(crc32(bomb.subarray(12, 29)), 29);
    const home = await makeList({ 'a.png': bomb });
    await expect(readImageList(home, { size: [2, 2] })).rejects.toThrow(FormatError);
    await expect(readImageList(home, { size: [2, 2] })).rejects.toThrow(
      'a picture of at most 134217728 pixels, got one of more',
    );
  });

  test.skipIf(process.platform === 'win32')('what may have no end is not read', { timeout: 10_000 }, async () => {
    const home = await makeList({ 'ok.png': await noise(2, 2, 3).image.png().toBuffer() }, 'ok.png\na.png');
    execFileSync('mkfifo', [join(home, 'images', 'a.png')]);
    await expect(readImageList(home)).rejects.toThrow(FormatError);
    await expect(readImageList(home)).rejects.toThrow('a.png must be a whole JPEG or PNG image, got a pipe or device');
    await rm(join(home, 'images.txt'));
    await symlink('/dev/urandom', join(home, 'images.txt'));
    await expect(readImageList(home)).rejects.toThrow('a text file that names the images, got a pipe or device');
  });

  test('one image named so often that memory would not do', async () => {
    const home = await makeList({ 'a.png': await noise(1000, 1000, 3).image.png().toBuffer() });
    await writeFile(join(home, 'images.txt'), 'a.png\n'.repeat(2000));
    await expect(readImageList(home)).rejects.toThrow(FormatError);
    await expect(readImageList(home)).rejects.toThrow('at most 4294967296 bytes (give a size or a limit), got 2000 of');
  });

  test('missing, empty, cut and foreign files, by their names', async () => {
    const good = await noise(20, 20, 3).image.png().toBuffer();
    const jpeg = await noise(20, 20, 3).image.jpeg().toBuffer();
    const bad: Record<string, Buffer> = {
      'empty.png': Buffer.alloc(0),
      'cut.png': good.subarray(0, 200),
      'cut.jpg': jpeg.subarray(0, jpeg.length / 2),
      'text.jpg': Buffer.from('no image'),
      'drawing.png': Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"></svg>'),
    };
    const home = await makeList({ ...bad, 'good.png': good });
    for (const name of [...Object.keys(bad), 'missing.png', 'sub']) {
      for (const list of [`good.png\n${name}`, name]) {
        await writeFile(join(home, 'images.txt'), list);
        await expect(readImageList(home)).rejects.toThrow(FormatError);
        await expect(readImageList(home)).rejects.toThrow(`${name} must be`);
      }
    }
  });

  test('no list, no images/, no name, numbers that are none', async () => {
    const home = await makeList({}, '\n \n');
    await expect(readImageList(home)).rejects.toThrow(FormatError);
    await expect(readImageList(home)).rejects.toThrow('images.txt must be one file name a line, got none');
    await expect(readImageList(place())).rejects.toThrow(ArgumentError);
    const bare = place();
    await mkdir(bare);
    await writeFile(join(bare, 'images.txt'), 'a.png');
    await expect(readImageList(bare)).rejects.toThrow('a folder with images/');
    for (const options of [{ size: [0, 5] }, { size: [5, 1.5] }, { limit: 0 }, { limit: NaN }] as const) {
      await expect(readImageList(home, options)).rejects.toThrow(ArgumentError);
      await expect(readImageList(home, options)).rejects.toThrow('a whole number from 1');
    }
    const unknown = readImageList(home, { size: [2, 2], kernel: 'bilinear' as 'linear' });
    await expect(unknown).rejects.toThrow('readImageList: kernel must be one of cubic, linear, got bilinear');
  });

  test('after a failure nothing goes on in the background', async () => {
    const png = await noise(2, 2, 3).image.png().toBuffer();
    const names = Array.from({ length: 400 }, (_, i) => `${i}.png`);
    const home = await makeList(Object.fromEntries(names.map((name, i) => [name, i === 20 ? Buffer.alloc(3) : png])));
    let calls = 0;
    await expect(readImageList(home, { onProgress: () => calls++ })).rejects.toThrow('20.png');
    const atOnce = calls;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(calls - atOnce).toBeLessThan(10);
  });
});

const data = fileURLToPath(new URL('../../../shared/data/', import.meta.url));
describe.skipIf(!existsSync(data))('real lists', () => {
  test.each([
    ['tiny_imagenet', 2000],
    ['rooms', 1500],
  ])('%s has %i images; gray ones have three equal channels, others have not', async (name, count) => {
    const begin = Date.now();
    const { images, shape, names } = await readImageList(join(data, name), { size: [32, 32] });
    const seconds = (Date.now() - begin) / 1000;
    expect(shape).toEqual([count, 32, 32, 3]);
    expect(new Set(names).size).toBe(count);
    expect((await readdir(join(data, name, 'images'))).length).toBeGreaterThanOrEqual(count);
    let grays = 0;
    for (let n = 0; n < 300; n++) {
      const { channels } = await sharp(await readFile(join(data, name, 'images', names[n]!))).metadata();
      const pixels = images.subarray(n * 3072, (n + 1) * 3072);
      const isGray = pixels.every((value, i) => value === pixels[i - (i % 3)]);
      if (channels === 1) grays++;
      if (channels === 1) expect(isGray, names[n]).toBe(true);
      expect(new Set(pixels).size).toBeGreaterThan(1);
    }
    if (name === 'tiny_imagenet') expect(grays).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(60);
  });
});
