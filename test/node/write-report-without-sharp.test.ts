import { readdir, readFile } from 'node:fs/promises';
import { writeReport } from 'tfjs-ood/node';
import { expect, test, vi } from 'vitest';
import { encodePng } from '../../src/node/runs/encode-png';
import { unpackPageData } from '../../src/report/pack-page-data';
import { fromBase64 } from '../../src/report/to-base64';
import { makeReport } from '../report/report-input';
import { temporaryFolder } from './temporary-folder';

vi.mock('sharp', () => {
  throw new Error('not installed');
});
const place = temporaryFolder();

test('the page alone is written without sharp, its images as they are', async () => {
  const folder = place();
  const report = makeReport();
  const [page] = await writeReport(folder, report, { figures: false });
  expect(await readdir(folder)).toEqual(['report.html']);
  const html = await readFile(page!, 'utf8');
  const { atlas, mistakes } = unpackPageData(fromBase64(/id="page-data">([^<]*)</.exec(html)![1]!));
  expect(atlas!.mime).toBe('image/png');
  const { default: sharp } = await vi.importActual<typeof import('sharp')>('sharp');
  const { row, cell } = mistakes[0]!.items[0]!;
  const [left, top] = [8 * (cell % atlas!.columns), 8 * Math.floor(cell / atlas!.columns)];
  const tile = await sharp(atlas!.bytes).extract({ left, top, width: 8, height: 8 }).raw().toBuffer();
  expect([...tile]).toEqual([...report.known.images!.images.subarray(row * 192, (row + 1) * 192)]);
});

test('figures are refused without it, with the command that brings it', async () => {
  await expect(writeReport(place(), makeReport())).rejects.toThrow(/writeReport: .*npm install sharp/);
});

test.each([
  [1, 1],
  [3, 2],
  [5, 7],
])('PNG of %i x %i pixels, read by another program', async (width, height) => {
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 37) % 256);
  const { default: sharp } = await vi.importActual<typeof import('sharp')>('sharp');
  const { data, info } = await sharp(encodePng(pixels, width, height))
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels, [...data]]).toEqual([width, height, 3, [...pixels]]);
});
