import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { StorageError, writeReport } from 'tfjs-ood/node';
import { expect, test } from 'vitest';
import { unpackPageData } from '../../src/report/pack-page-data';
import { fromBase64 } from '../../src/report/to-base64';
import { makeReport } from '../report/report-input';
import { temporaryFolder } from './temporary-folder';

const place = temporaryFolder();

test('writes the page, SVG and PNG of each figure and the film of the epochs', async () => {
  const folder = place();
  const written = await writeReport(folder, makeReport());
  expect(written[0]).toBe(join(folder, 'report.html'));
  expect(written).toHaveLength(1 + 5 * 2 + 1);
  const png = await sharp(join(folder, 'figures/roc.png')).metadata();
  expect([png.format, png.width]).toEqual(['png', 3 * 460]);
  const gif = await sharp(join(folder, 'figures/embedding.gif'), { animated: true }).metadata();
  expect([gif.format, gif.pages, gif.loop]).toEqual(['gif', 5, 0]);
  expect(gif.delay).toEqual([350, 350, 350, 350, 2500]);
  // The frames differ: the embedding moves.
  const frames = await Promise.all(
    [0, 4].map((page) => sharp(join(folder, 'figures/embedding.gif'), { page }).raw().toBuffer()),
  );
  expect(frames[0]!.equals(frames[1]!)).toBe(false);
});

test('the page alone', async () => {
  const folder = place();
  expect(await writeReport(folder, makeReport(), { figures: false })).toEqual([join(folder, 'report.html')]);
  const html = await readFile(join(folder, 'report.html'), 'utf8');
  const { atlas, mistakes } = unpackPageData(fromBase64(/id="page-data">([^<]*)</.exec(html)![1]!));
  const picture = await sharp(atlas!.bytes).metadata();
  expect([atlas!.mime, picture.format, picture.width]).toEqual(['image/webp', 'webp', 8 * atlas!.columns]);
  // The first mistake's image is in its cell, as far as WebP keeps it.
  const { row, cell } = mistakes[0]!.items[0]!;
  const [left, top] = [8 * (cell % atlas!.columns), 8 * Math.floor(cell / atlas!.columns)];
  const tile = await sharp(atlas!.bytes).extract({ left, top, width: 8, height: 8 }).removeAlpha().raw().toBuffer();
  const image = makeReport().known.images!.images.subarray(row * 192, (row + 1) * 192);
  const correlation = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    const centered = [a, b].map((values) => {
      const mean = Array.from(values).reduce((x, y) => x + y, 0) / values.length;
      return Array.from(values, (value) => value - mean);
    }) as [number[], number[]];
    const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
    return dot(...centered) / Math.sqrt(dot(centered[0], centered[0]) * dot(centered[1], centered[1]));
  };
  expect(correlation(tile, image)).toBeGreaterThan(0.5);
});

test('a file in the way is an error that names it, and stays', async () => {
  const taken = place();
  await writeFile(taken, 'mine');
  await expect(writeReport(taken, makeReport())).rejects.toThrow(StorageError);
  expect(await readFile(taken, 'utf8')).toBe('mine');
});
