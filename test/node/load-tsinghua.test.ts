import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { FormatError, seededRandom } from 'tfjs-ood';
import type { ImageSet } from 'tfjs-ood/datasets';
import { cutPicture, loadTsinghua, type TsinghuaOptions } from 'tfjs-ood/node';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();
const COLORS = { i2: [30, 60, 200], pl50: [200, 30, 40], w57: [230, 200, 20] } as const;
type Category = keyof typeof COLORS;
const [HEIGHT, WIDTH] = [200, 260];

interface Sign {
  category: Category;
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A gray street with signs, each of one color. */
function draw(signs: readonly Sign[]): Uint8Array {
  const pixels = new Uint8Array(HEIGHT * WIDTH * 3).fill(128);
  for (const { category, left, top, width, height } of signs) {
    for (let y = top; y < top + height; y++) {
      for (let x = left; x < left + width; x++) pixels.set(COLORS[category], (y * WIDTH + x) * 3);
    }
  }
  return pixels;
}

/** Ten photographs to train by and five to test by, with their list. */
async function makeSet(): Promise<string> {
  const home = place();
  const random = seededRandom(3);
  const imgs: Record<string, object> = {};
  for (let id = 0; id < 15; id++) {
    const part = id < 10 ? 'train' : 'test';
    const sign = (category: Category, left: number, size: number): Sign => ({
      category,
      left,
      top: 20 + random.integer(100),
      width: size,
      height: size,
    });
    const signs = [sign('i2', 20, 32), sign('pl50', 90, 40), ...(id % 5 === 0 ? [sign('w57', 160, 48)] : [])];
    if (id === 1) signs.push(sign('i2', 230, 6)); // too small
    await mkdir(join(home, part), { recursive: true });
    const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
    await sharp(draw(signs), { raw })
      .png()
      .toFile(join(home, part, `${id}.png`));
    const objects = signs.map(({ category, left, top, width, height }) => ({
      category,
      bbox: { xmin: left, ymin: top, xmax: left + width, ymax: top + height },
    }));
    imgs[id] = { id, path: `${part}/${id}.png`, objects };
  }
  imgs[99] = { id: 99, path: 'other/99.png', objects: [] }; // photographs without signs lie there
  await writeFile(join(home, 'annotations.json'), JSON.stringify({ types: Object.keys(COLORS), imgs }));
  return home;
}
const pixel = ({ images, shape: [, side] }: ImageSet, i: number, y: number, x: number) => [
  ...images.subarray(((i * side + y) * side + x) * 3).subarray(0, 3),
];

describe('Tsinghua-Tencent 100K from its files', () => {
  test('signs by class, and patches that hold no sign', async () => {
    const home = await makeSet();
    const seen: number[] = [];
    const onProgress = (done: number, total: number) => seen.push(done, total);
    const { train, test, classNames, background, left } = await loadTsinghua(home, {
      leastSigns: 3,
      patches: 3,
      side: 16,
      onProgress,
    });
    expect(classNames).toEqual(['i2', 'pl50']); // w57 has two signs
    expect(left).toEqual({ rare: 3, small: 1 });
    expect(train.shape).toEqual([20, 16, 16, 3]);
    expect(test.shape).toEqual([10, 16, 16, 3]);
    expect([...train.labels]).toEqual(Array.from({ length: 10 }, () => [0, 1]).flat());
    for (const part of [train, test]) {
      part.labels.forEach((label, i) => {
        const color = COLORS[classNames[label] as Category];
        for (const [y, x] of [
          [1, 1],
          [8, 8],
          [14, 14],
        ] as const)
          expect(pixel(part, i, y, x)).toEqual([...color]);
      });
    }
    expect(background.train.shape).toEqual([30, 16, 16, 3]);
    expect(background.test.shape).toEqual([15, 16, 16, 3]);
    expect(background.train.images.every((value) => value === 128)).toBe(true);
    expect(background.test.images.every((value) => value === 128)).toBe(true);
    expect(seen.slice(-2)).toEqual([15, 15]);
  });

  test('a sign is cut as a square around it, moved into the picture', async () => {
    const home = place();
    await mkdir(join(home, 'train'), { recursive: true });
    const sign: Sign = { category: 'pl50', left: 0, top: 100, width: 20, height: 40 };
    const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
    await sharp(draw([sign]), { raw })
      .png()
      .toFile(join(home, 'train', '1.png'));
    const bbox = { xmin: -3, ymin: 100, xmax: 20, ymax: 140 };
    const imgs = { 1: { path: 'train/1.png', objects: [{ category: 'pl50', bbox }] } };
    await writeFile(join(home, 'annotations.json'), JSON.stringify({ imgs }));
    const { train, test, background } = await loadTsinghua(home, { leastSigns: 1, side: 40, patches: 0 });
    // 40 x 40 from the left edge: the sign is its left half
    expect(pixel(train, 0, 20, 10)).toEqual([...COLORS.pl50]);
    expect(pixel(train, 0, 20, 30)).toEqual([128, 128, 128]);
    expect([test.shape[0], background.train.shape[0]]).toEqual([0, 0]);
  });

  test('other patches by another seed, the same by the same', async () => {
    const home = await makeSet();
    const gradient = Uint8Array.from({ length: HEIGHT * WIDTH * 3 }, (_, i) => Math.floor(i / 3) % WIDTH);
    const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
    for (let id = 0; id < 10; id++)
      await sharp(gradient, { raw })
        .png()
        .toFile(join(home, 'train', `${id}.png`));
    const patches = async (seed: number) => (await loadTsinghua(home, { leastSigns: 1, seed })).background.train.images;
    expect(await patches(1)).toEqual(await patches(1));
    expect(await patches(1)).not.toEqual(await patches(2));
  });

  test('what cannot be read', async () => {
    const home = place();
    const load = (options?: TsinghuaOptions) => loadTsinghua(home, { leastSigns: 1, ...options });
    await expect(load()).rejects.toThrow(/folder must be one with annotations.json, got .*, which has none/);
    await mkdir(join(home, 'train'), { recursive: true });
    const objects = [{ category: 'a', bbox: { xmin: 300, ymin: 0, xmax: 320, ymax: 20 } }];
    const write = (path: string) =>
      writeFile(join(home, 'annotations.json'), JSON.stringify({ imgs: { 1: { path, objects } } }));
    await write('train/1.png');
    await expect(load()).rejects.toThrow(FormatError);
    await expect(load({ leastSigns: 2 })).rejects.toThrow(
      'leastSigns must be at most 1, the signs of the largest class, got 2',
    );
    const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
    await sharp(draw([]), { raw })
      .png()
      .toFile(join(home, 'train', '1.png'));
    await expect(load()).rejects.toThrow('a picture that has the sign at 300, 0');
    await write('../1.png');
    await expect(load()).rejects.toThrow('imgs.1.path must be a path below the folder');
  });
});

describe('parts of a picture', () => {
  const size = [4, 4] as const;
  const picture = () =>
    sharp(draw([{ category: 'i2', left: 10, top: 20, width: 8, height: 8 }]), {
      raw: { width: WIDTH, height: HEIGHT, channels: 3 },
    })
      .png()
      .toBuffer();

  test('as many as boxes, rounded to pixels, resized', async () => {
    const boxes = [
      { left: 9.6, top: 20.4, right: 17.9, bottom: 28.2 },
      { left: 100, top: 100, right: 101, bottom: 180 },
    ];
    const { images, shape } = await cutPicture(await picture(), boxes, { size });
    expect(shape).toEqual([2, 4, 4, 3]);
    for (let i = 0; i < 16; i++) expect([...images.subarray(3 * i, 3 * i + 3)]).toEqual([...COLORS.i2]);
    expect(images.subarray(48).every((value) => value === 128)).toBe(true);
    expect((await cutPicture(await picture(), [], { size })).shape).toEqual([0, 4, 4, 3]);
  });

  test.each([
    [{ left: 260, top: 0, right: 270, bottom: 10 }],
    [{ left: -9, top: 0, right: 0, bottom: 10 }],
    [{ left: 0, top: NaN, right: 9, bottom: 10 }],
    [{ left: 5, top: 0, right: 3, bottom: 10 }],
    [null],
  ])('a box outside, or none: %j', async (box) => {
    await expect(cutPicture(await picture(), [box as never], { size })).rejects.toThrow(
      'boxes[0] must be { left, top, right, bottom } that reaches into a picture of 200 x 260',
    );
  });
});
