import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { seededRandom } from 'tfjs-ood';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HELD_OUT_PICTURES } from '../../examples/teachable-machine/detector';
import { drawShape, KNOWN_SHAPES, STRANGE_SHAPES, type Shape } from '../../examples/teachable-machine/draw-shapes';
import { promiseWords, verdictWords } from '../../examples/teachable-machine/verdict-words';
import { paintByProcessor } from '../browser/chromium-flags';
import { rawVideo } from './drawn-video';
import { toPng } from './fixed-images';
import { launchChromium, servePage, text } from './open-page';

const scratch = mkdtempSync(join(tmpdir(), 'tfjs-ood-page-'));
const example = new URL('../../examples/teachable-machine/', import.meta.url);
const random = seededRandom(99);
const fileOf = async (shape: Shape, name = `${shape}.png`) => ({
  name,
  mimeType: 'image/png',
  buffer: await toPng(drawShape(shape, random)),
});

let server: Awaited<ReturnType<typeof servePage>>;
let browser: Browser;
beforeAll(async () => {
  const video = join(scratch, 'circles.y4m');
  await writeFile(video, rawVideo(Array.from({ length: 20 }, () => drawShape('circle', random))));
  server = await servePage('teachable-machine');
  browser = await launchChromium(...paintByProcessor, `--use-file-for-fake-video-capture=${video}`);
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  rmSync(scratch, { recursive: true });
});

const ready = (page: Page) => page.waitForSelector('html[data-ready=true]');
async function onPage(work: (page: Page) => Promise<void>, options: BrowserContextOptions = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('request', (request) => {
    if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(server.url)) wrong.push(request.url());
  });
  try {
    await page.goto(server.url);
    await ready(page);
    await work(page);
    expect(wrong).toEqual([]);
  } finally {
    await context.close();
  }
}

const state = (page: Page) => expect.poll(() => text(page, '#state'));
const verdict = (page: Page) => expect.poll(() => text(page, '#verdict'));
async function fitOnShapes(page: Page): Promise<void> {
  await page.click('#draw');
  await state(page).toBe('Ready to be fitted.');
  await page.click('#fit');
  await state(page).toMatch(/^There is a detector/);
}
/** Gives a picture, and waits for what it says. */
async function answerTo(page: Page, file: Awaited<ReturnType<typeof fileOf>>) {
  await page.setInputFiles('#file', file);
  await page.waitForSelector('#verdict[data-p-value]');
  return { words: await text(page, '#verdict'), pValue: await page.getAttribute('#verdict', 'data-p-value') };
}

test('verdicts in words', () => {
  const words = (isOod: boolean, pValue: number) => Object.values(verdictWords({ isOod, label: 'circle', pValue }));
  expect(words(false, 0.344)).toEqual(['This is: circle', '34 % of known pictures look at least as strange']);
  expect(words(false, 1)).toEqual(['This is: circle', '100 % of known pictures look at least as strange']);
  expect(words(true, 0.02)).toEqual([
    'I don’t know this',
    'only 2 % of known pictures look as strange; nearest: circle',
  ]);
  expect(words(true, 0.004)).toEqual([
    'I don’t know this',
    'fewer than 1 % of known pictures look as strange; nearest: circle',
  ]);
});

test('what calibrates, in words', () => {
  expect(promiseWords({ count: 24, method: 'held-out', guarantee: 0.05 }, 0.05)).toBe(
    '24 pictures that it was not fitted on calibrate it: at most 5 % of known pictures will be called unknown, on average.',
  );
  expect(promiseWords({ count: 20, method: 'cross', guarantee: 0.225 }, 0.05)).toBe(
    '20 pictures calibrate it: about 5 % of known pictures will be called unknown (promised: at most 23 %).',
  );
});

describe('the page', () => {
  test('fits, names known shapes, does not know strange ones, and still does at the next visit', async () => {
    await onPage(async (page) => {
      await verdict(page).toContain('Show it something');
      expect(await page.isDisabled('#fit')).toBe(true);
      await fitOnShapes(page);
      let known = 0;
      for (const shape of [...KNOWN_SHAPES, ...KNOWN_SHAPES, ...KNOWN_SHAPES, ...KNOWN_SHAPES]) {
        const { words } = await answerTo(page, await fileOf(shape));
        expect(words).toContain(shape); // also where it is not sure
        known += Number(words.startsWith('This is'));
      }
      expect(known).toBeGreaterThanOrEqual(10); // one of twenty may be strange
      for (const shape of STRANGE_SHAPES) {
        const { words } = await answerTo(page, await fileOf(shape));
        expect(words, shape).toMatch(/^I don’t know this (only \d+|fewer than 1) % of known pictures/);
      }
      const asked = await fileOf('square');
      const before = await answerTo(page, asked);

      await page.reload();
      await ready(page);
      await state(page).toMatch(/^There is a detector/);
      expect(await text(page, '#count-0')).toBe('no pictures');
      expect(await answerTo(page, asked)).toEqual(before);

      await page.click('#forget');
      await verdict(page).toContain('Not taught yet');
      await page.reload();
      await ready(page);
      await state(page).toMatch(/more pictures are needed/);
    });
  });

  test('twenty pictures are enough; it says what calibrates, also at the next visit', async () => {
    await onPage(async (page) => {
      const give = async (index: number, count: number) => {
        const files = Array.from({ length: count }, () => fileOf(KNOWN_SHAPES[index]!));
        await page.setInputFiles(`#files-${index}`, await Promise.all(files));
      };
      await give(0, 7);
      await give(1, 7);
      await give(2, 5);
      await state(page).toBe('1 more picture is needed.');
      expect(await page.isDisabled('#fit')).toBe(true);
      await give(2, 1);
      await state(page).toBe('Ready to be fitted. With 47 the promise is firmer.');
      await page.click('#fit');
      await state(page).toContain('20 pictures calibrate it: about 5 % of known pictures');
      const asked = await fileOf('flower');
      const answer = await answerTo(page, asked);
      expect(answer).toEqual({ words: expect.stringMatching(/^I don’t know this/), pValue: String(1 / 21) });
      await page.reload();
      await ready(page);
      await state(page).toContain('20 pictures calibrate it: about 5 % of known pictures');
      expect(await answerTo(page, asked)).toEqual(answer);
    });
  });

  test('from 47 pictures on a share of them is held out', async () => {
    await onPage(async (page) => {
      const files = await Promise.all(
        Array.from({ length: HELD_OUT_PICTURES }, (_, i) => fileOf(KNOWN_SHAPES[i % 3]!)),
      );
      await page.setInputFiles('#files-0', files.slice(1));
      await state(page).toMatch(/^Ready.*firmer/);
      await page.setInputFiles('#files-1', files.slice(0, 1));
      await state(page).toBe('Ready to be fitted.');
      await page.click('#fit');
      await state(page).toContain('19 pictures that it was not fitted on calibrate it');
    });
  });

  test('files are chosen and dropped; one that is no picture is named', async () => {
    await onPage(async (page) => {
      await page.setInputFiles('#files-1', [await fileOf('square'), await fileOf('square')]);
      await expect.poll(() => text(page, '#count-1')).toBe('2 pictures');
      await page.setInputFiles('#files-1', [{ name: 'notes.png', mimeType: 'image/png', buffer: Buffer.from('no') }]);
      await expect.poll(() => text(page, '#message')).toBe('notes.png is no picture that this browser can read.');
      expect(await text(page, '#count-1')).toBe('2 pictures');

      const bytes = [...(await fileOf('triangle')).buffer];
      const drop = (selector: string) =>
        page.evaluate(
          ([target, data]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([Uint8Array.from(data)], 'a.png', { type: 'image/png' }));
            const event = new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true });
            document.querySelector(target)!.dispatchEvent(event);
          },
          [selector, bytes] as const,
        );
      await drop('.class:nth-child(3)');
      await expect.poll(() => text(page, '#count-2')).toBe('1 picture');
      await state(page).toBe('17 more pictures are needed.');
      await drop('#stage');
      await verdict(page).toContain('Not taught yet');
      expect(await page.isVisible('#empty')).toBe(false);
    });
  });

  test('the camera records known pictures and is asked', async () => {
    await onPage(
      async (page) => {
        await page.click('#record-0');
        await expect.poll(() => text(page, '#message')).toBe('Use the camera first.');
        await page.click('#camera');
        await page.waitForSelector('#video:not([hidden])');
        await page.click('#record-0');
        await expect.poll(() => text(page, '#count-0')).toBe('20 pictures');
        await page.click('#draw');
        await expect.poll(() => text(page, '#count-0')).toBe('60 pictures');
        await page.click('#fit');
        await state(page).toMatch(/^There is a detector/);
        await verdict(page).toMatch(/^This is: circle \d+ % of known pictures look at least as strange$/);
        await page.click('#camera');
        expect(await page.isVisible('#video')).toBe(false);
      },
      { permissions: ['camera'] },
    );
  });

  test('a model of one’s own, from its files; the page keeps it, and forgets the detector of the other', async () => {
    const files = await Promise.all(
      ['model.json', 'weights.bin', 'metadata.json'].map(async (name) => ({
        name,
        mimeType: 'application/octet-stream',
        buffer: await readFile(new URL(`model/${name}`, example)),
      })),
    );
    files[2]!.buffer = Buffer.from('{"packageName":"@teachablemachine/image","labels":["ball","box","tent"]}');
    await onPage(async (page) => {
      await fitOnShapes(page);
      await page.setInputFiles('#model-files', files.slice(0, 2));
      await expect.poll(() => text(page, '#message')).toBe('Choose all three files: metadata.json is missing.');
      await page.setInputFiles('#model-files', files);
      await expect.poll(() => text(page, '#about-model')).toBe('Yours: ball, box, tent.');
      await state(page).toBe('20 more pictures are needed.');
      await page.reload();
      await ready(page);
      expect(await text(page, '#about-model')).toBe('Yours: ball, box, tent.');
      for (const [i, shape] of KNOWN_SHAPES.entries())
        await page.setInputFiles(`#files-${i}`, await Promise.all(Array.from({ length: 20 }, () => fileOf(shape))));
      await state(page).toBe('Ready to be fitted.');
      await page.click('#fit');
      await state(page).toMatch(/^There is a detector/);
      expect((await answerTo(page, await fileOf('square'))).words).toContain('box');
      await page.click('#own-model');
      await expect.poll(() => text(page, '#about-model')).toBe('Three drawn shapes: circle, square, triangle.');
      await page.fill('#address', `${server.url}nowhere/`);
      await page.click('#load-model');
      await expect.poll(() => text(page, '#message')).toBe('There is no metadata.json, or it is no JSON.');
      expect(await text(page, '#about-model')).toMatch('Three drawn shapes');
      await page.route(`${server.url}mine/*`, (route) => {
        const file = files.find(({ name }) => route.request().url().endsWith(`/${name}`));
        return file ? route.fulfill({ body: file.buffer }) : route.fulfill({ status: 404 });
      });
      await page.fill('#address', `${server.url}mine/model.json`);
      await page.click('#load-model');
      await expect.poll(() => text(page, '#about-model')).toBe('Yours: ball, box, tent.');
    });
  });

  test.each(['light', 'dark'] as const)('axe finds nothing serious in %s; it fits a phone', async (colorScheme) => {
    await onPage(
      async (page) => {
        await fitOnShapes(page);
        await answerTo(page, await fileOf('flower'));
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
        expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
      },
      { colorScheme, viewport: { width: 390, height: 844 } },
    );
  });
});
