import { stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { seededRandom } from 'tfjs-ood';
import { StorageError, writeAnimations } from 'tfjs-ood/node';
import type { Animation, EmbeddingRows } from 'tfjs-ood/report';
import { expect, test } from 'vitest';
import { principalComponents } from '../../src/report/points/principal-components';
import { animationFrames } from '../../src/report/charts/animation-frames';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();
const WIDTH = 240;

const rowsAt = (points: readonly (readonly number[])[]): EmbeddingRows => ({
  data: Float32Array.from(points.flat()),
  shape: [points.length, points[0]!.length],
});
/** A cloud of `count` points around a place. */
const cloud = (seed: number, count: number, middle: readonly number[], spread = 0.2): EmbeddingRows => {
  const random = seededRandom(seed);
  return rowsAt(Array.from({ length: count }, () => middle.map((at) => at + spread * random.normal())));
};
/** Known images at the left, others that move from among them to the right, and noise below. */
const animation = (size = 2): Animation => {
  const at = (x: number, y: number) => [x, y, ...Array<number>(size - 2).fill(0)];
  return {
    name: 'ODM',
    known: 'digits',
    epochs: [0, 1, 2, 3].map((epoch) => ({
      epoch,
      embeddings: {
        digits: cloud(1, 300, at(-2, 0)),
        'Fashion & <clothes>': cloud(2, 100, at(-2 + 1.3 * epoch, 0)),
        noise: cloud(3, 100, at(0, -2)),
      },
    })),
    caption: (set, epoch) => `${set} after ${epoch}`,
  };
};

/** How much of a frame's pixels, below the text, are blue and yellow, and the middle of each from 0 to 1. */
async function colorsOf(file: string, page: number) {
  const { data, info } = await sharp(file, { page }).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const found = { blue: { count: 0, x: 0, y: 0 }, yellow: { count: 0, x: 0, y: 0 } };
  const head = info.height - info.width;
  for (let y = head + 8; y < info.height; y++) {
    for (let x = 0; x < info.width; x++) {
      const [r, g, b] = data.subarray(3 * (y * info.width + x));
      const kind = b! > 150 && r! < 120 ? 'blue' : r! > 150 && g! > 110 && b! < 90 ? 'yellow' : undefined;
      if (!kind) continue;
      const one = found[kind];
      one.x += (x / info.width - one.x) / ++one.count;
      one.y += ((y - head) / info.width - one.y) / one.count;
    }
  }
  return found;
}

test('a GIF for each set but the known one: a frame an epoch, and small', async () => {
  const folder = join(place(), 'below');
  const files = await writeAnimations(folder, animation(), { width: WIDTH });
  expect(files.map((file) => basename(file))).toEqual(['odm-fashion-clothes.gif', 'odm-noise.gif']);
  for (const file of files) {
    const { format, pages, width, loop, delay } = await sharp(file, { animated: true }).metadata();
    expect([format, pages, width, loop]).toEqual(['gif', 4, WIDTH, 0]);
    expect(delay).toEqual([350, 350, 350, 2500]);
    expect((await stat(file)).size).toBeLessThan(60_000);
  }
});

test('the known set is blue and lies still, the other is yellow and goes away from it', async () => {
  const [clothes, noise] = await writeAnimations(place(), animation(), { width: WIDTH });
  const frames = await Promise.all([0, 1, 2, 3].map((page) => colorsOf(clothes!, page)));
  for (const { blue, yellow } of frames) {
    expect(blue.count).toBeGreaterThan(300);
    expect(yellow.count).toBeGreaterThan(100);
    expect(Math.abs(blue.x - frames[3]!.blue.x)).toBeLessThan(0.03);
  }
  const away = frames.map(({ blue, yellow }) => yellow.x - blue.x);
  expect(Math.abs(away[0]!)).toBeLessThan(0.05);
  for (const i of [1, 2, 3]) expect(away[i]! - away[i - 1]!).toBeGreaterThan(0.15);
  // Down is down, and both films have the same axes.
  const other = await colorsOf(noise!, 3);
  expect(other.yellow.y - other.blue.y).toBeGreaterThan(0.25);
  expect(Math.abs(other.blue.x - frames[3]!.blue.x)).toBeLessThan(0.02);
  expect(Math.abs(other.blue.y - frames[3]!.blue.y)).toBeLessThan(0.02);
});

/** WCAG 2.2: relative luminance, and contrast of two colors. */
const luminance = (color: string) =>
  [1, 3, 5]
    .map((at) => parseInt(color.slice(at, at + 2), 16) / 255)
    .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4))
    .reduce((sum, share, i) => sum + share * [0.2126, 0.7152, 0.0722][i]!, 0);
const contrast = (a: string, b: string) => {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
};

test('words say what the colors are, and stand out as the points do', () => {
  const [clothes] = animationFrames(animation(), WIDTH);
  const svg = clothes!.frames[2]!;
  const fills = [...svg.matchAll(/<circle[^>]*fill="(#\w+)"/g)].map(([, color]) => color!);
  const [known, unknown] = [...new Set(fills)].sort(
    (a, b) => fills.filter((color) => color === b).length - fills.filter((color) => color === a).length,
  ) as [string, string];
  expect([known, unknown].map((color) => fills.filter((one) => one === color).length)).toEqual([300, 100]);
  expect(svg).toContain(`fill="${known}">\u25cf digits<`);
  expect(svg).toContain(`fill="${unknown}">\u25cf Fashion &amp; &lt;clothes&gt;<`);
  expect(svg).toContain('>epoch 2, Fashion &amp; &lt;clothes&gt; after 2<');
  expect(clothes!.frames[0]).toContain('>untrained, ');
  const background = /<rect width="100%" height="100%" fill="(#\w+)"/.exec(svg)![1]!;
  for (const color of [known, unknown]) expect(contrast(color, background)).toBeGreaterThan(4.5);
  expect(contrast(known, unknown)).toBeGreaterThan(1.5);
});

test('a long line is written smaller, so that it stays in the picture', async () => {
  const { epochs, ...rest } = animation();
  const caption = () => 'accuracy 0.98, AUROC 0.91 '.repeat(3);
  const [file] = await writeAnimations(
    place(),
    { ...rest, name: 'a long name '.repeat(4), epochs, caption },
    { width: 200 },
  );
  const { data, info } = await sharp(file, { page: 1 }).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const bright = (x: number) =>
    Array.from({ length: info.height - info.width }, (_, y) => data[3 * (y * info.width + x)]!).some((red) => red > 60);
  const columns = Array.from({ length: info.width }, (_, x) => x).filter(bright);
  expect(columns.length).toBeGreaterThan(100);
  expect(Math.max(...columns)).toBeLessThan(info.width - 2);
});

test('a point outside lies at the edge, and one in a million does not make the others small', () => {
  const { epochs, ...rest } = animation();
  const digits = epochs.at(-1)!.embeddings.digits!;
  const far = { ...digits, data: digits.data.slice() };
  far.data.set([1e6, 0]);
  const last = { epoch: 3, embeddings: { ...epochs.at(-1)!.embeddings, digits: far } };
  const xOf = (svg: string) => [...svg.matchAll(/cx="([\d.]+)"/g)].map(([, x]) => Number(x));
  const [plain] = animationFrames({ ...rest, epochs: [epochs.at(-1)!] }, WIDTH);
  const [moved] = animationFrames({ ...rest, epochs: [last] }, WIDTH);
  const [before, after] = [xOf(plain!.frames[0]!), xOf(moved!.frames[0]!)];
  const differ = before.map((x, i) => Math.abs(x - after[i]!)).sort((a, b) => b - a);
  expect(Math.max(...after)).toBe(WIDTH - 5);
  expect(differ[0]).toBeGreaterThan(100);
  expect(differ[1]).toBeLessThan(5);
});

test('of more than two dimensions the first two principal components are shown, and named', () => {
  const five = animation(5);
  const [clothes] = animationFrames(five, WIDTH);
  const { shares } = principalComponents(
    Float32Array.from(Object.values(five.epochs.at(-1)!.embeddings).flatMap(({ data }) => Array.from(data))),
    5,
    2,
  );
  const percent = (100 * (shares[0]! + shares[1]!)).toFixed(0);
  for (const svg of clothes!.frames) {
    expect(svg).toContain(`>two principal components of 5-D, ${percent} % of the variance<`);
  }
  expect(animationFrames(animation(), WIDTH)[0]!.frames[0]).not.toContain('principal');
});

test('one epoch, or points that all lie at one place, are pictures too', async () => {
  const same = rowsAt([[1, 1]]);
  const epochs = [{ epoch: 1, embeddings: { a: same, b: same } }];
  const [file] = await writeAnimations(place(), { name: '', known: 'a', epochs }, { width: 100 });
  expect(basename(file!)).toBe('set-b.gif');
  expect((await sharp(file).metadata()).format).toBe('gif');
});

test('what cannot be shown is an error that names it', async () => {
  const { epochs, ...rest } = animation();
  const write = (change: Partial<Animation>) => writeAnimations(place(), { ...rest, epochs, ...change });
  await expect(write({ epochs: [] })).rejects.toThrow('animation.epochs');
  await expect(write({ known: 'letters' })).rejects.toThrow('letters and another set');
  await expect(write({ epochs: [{ epoch: 0, embeddings: { digits: cloud(1, 3, [0, 0]) } }] })).rejects.toThrow(
    'digits and another set',
  );
  const changed = (rows: EmbeddingRows | undefined) =>
    write({ epochs: [epochs[0]!, { epoch: 1, embeddings: { ...epochs[1]!.embeddings, noise: rows! } }] });
  await expect(changed(undefined)).rejects.toThrow('animation.epochs[1].embeddings.noise');
  await expect(changed(cloud(1, 99, [0, 0]))).rejects.toThrow('[100, 2]');
  await expect(changed(cloud(1, 100, [0, 0, 0]))).rejects.toThrow('[100, 2]');
  await expect(changed(cloud(1, 100, [NaN, 0]))).rejects.toThrow('NaN at index 0');
  const twice = { digits: cloud(1, 3, [0, 0]), 'a b': cloud(1, 3, [0, 0]), 'a-b': cloud(1, 3, [0, 0]) };
  await expect(write({ epochs: [{ epoch: 0, embeddings: twice }] })).rejects.toThrow('odm-a-b.gif');
  const taken = place();
  await writeFile(taken, 'mine');
  await expect(writeAnimations(taken, animation())).rejects.toThrow(StorageError);
});
