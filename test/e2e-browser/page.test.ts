import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { decideWith } from 'tfjs-ood';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeClassifier, type Classifier } from '../../examples/browser/classifier';
import { digits, unseenShapes } from '../../examples/browser/glyphs';
import type { Rgba } from '../../examples/browser/ink-of-image';
import { digitOfPicture } from '../../examples/browser/picture';
import { projectLinks, type Manifest } from '../../examples/browser/project-links';
import { paintByProcessor } from '../browser/chromium-flags';
import { fixedImages, toPng } from './fixed-images';
import { drawByMouse, launchChromium, layoutShifts, openPage, servePage, text, value } from './open-page';

const file = fileURLToPath(new URL('../../examples/browser/model.safetensors', import.meta.url));
let server: Awaited<ReturnType<typeof servePage>>;
let browser: Browser;
let classifier: Classifier;

beforeAll(async () => {
  server = await servePage();
  browser = await launchChromium(...paintByProcessor);
  await tf.setBackend('wasm');
  classifier = decodeClassifier(await readFile(file));
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

/** Does this on a page of its own, which must have no error and ask no other host. */
async function onPage(work: (page: Page) => Promise<void>, options: Parameters<typeof openPage>[2] = {}) {
  const page = await openPage(browser, server.url, options);
  const wrong: string[] = [];
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('request', (request) => {
    if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(server.url)) wrong.push(request.url());
  });
  try {
    await work(page);
    expect(wrong).toEqual([]);
  } finally {
    await page.context().close();
  }
}

const verdict = (page: Page) => expect.poll(() => text(page, '#verdict'));
const inPad = (strokes: readonly (readonly (readonly [number, number])[])[]) =>
  strokes.map((stroke) => stroke.map(([x, y]) => [0.5 + (x - 0.5) * 0.7, 0.5 + (y - 0.5) * 0.7] as const));

/** Gives the page an image and waits for its score; the pad is cleared first, so that no old score is read. */
async function scoreOf(page: Page, image: Rgba): Promise<number> {
  await page.click('#clear');
  await expect.poll(() => value(page, '#score')).toBeNaN();
  await page.setInputFiles('#file', { name: 'image.png', mimeType: 'image/png', buffer: await toPng(image) });
  await expect.poll(() => value(page, '#score'), { interval: 10 }).not.toBeNaN();
  return value(page, '#score');
}

describe('the page', () => {
  test('makes its first prediction by itself, and nothing moves', async () => {
    await onPage(async (page) => {
      const times = await page.evaluate(() => ({
        first: performance.getEntriesByName('first-prediction')[0]!.startTime,
        load: (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming).loadEventEnd,
      }));
      await verdict(page).toContain('It is a 3');
      console.log(
        `first prediction ${times.first.toFixed(0)} ms after navigation, load event ${times.load.toFixed(0)} ms`,
      );
      await page.waitForSelector('html[data-loaded=true][data-worker=ready]');
      for (const button of await page.locator('#examples button').all()) await button.click();
      expect(await layoutShifts(page)).toEqual([]);
    });
  });

  test('names digits that are drawn, and calls shapes and unseen digits unknown', async () => {
    await onPage(async (page) => {
      for (const digit of [0, 1, 2]) {
        await drawByMouse(page, inPad(digits[digit]!));
        await verdict(page).toContain(`It is a ${digit}`);
        expect(await value(page, '#p-value')).toBeGreaterThan(0.05);
        expect(await text(page, '#strangeness')).toMatch(
          /^[1-9]\d?(\.\d)? % of known digits look at least as strange$/,
        );
      }
      for (const shape of [unseenShapes.star!, unseenShapes.spiral!, digits[8]!]) {
        await drawByMouse(page, inPad(shape));
        await verdict(page).toContain('Unknown');
        expect(await value(page, '#p-value')).toBeLessThanOrEqual(0.05);
        expect(await value(page, '#score')).toBeGreaterThan(await value(page, '#threshold'));
      }
      await drawByMouse(page, inPad(unseenShapes.star!));
      await expect.poll(() => text(page, '#strangeness')).toBe('none of 2,000 known digits looks as strange');
      // Small and in a corner is the same drawing.
      await drawByMouse(page, [digits[0]![0]!.map(([x, y]) => [0.05 + x * 0.25, 0.65 + y * 0.25] as const)]);
      await verdict(page).toContain('It is a 0');
    });
  });

  test('a stroke after an example begins a drawing of its own; an empty pad asks for one', async () => {
    await onPage(async (page) => {
      await verdict(page).toContain('It is a 3');
      const box = (await page.locator('#pad').boundingBox())!;
      expect((await page.locator('#pad-hint').boundingBox())!.y).toBeLessThan(box.y);
      await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.2);
      await page.mouse.down();
      await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.8, { steps: 8 });
      await page.mouse.up();
      await verdict(page).toContain('It is a 1');
      const painted = () =>
        page.locator('#pad').evaluate((canvas: HTMLCanvasElement) => {
          const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
          return data.filter((_, i) => i % 4 === 3).reduce((sum, alpha) => sum + Math.sign(alpha), 0);
        });
      const ofOne = await painted();
      await page.click('#clear');
      await verdict(page).toContain('Draw something');
      expect(await text(page, '#strangeness')).toBe('');
      const ofWords = await painted();
      expect(ofWords).toBeGreaterThan(500);
      expect(ofWords).toBeLessThan(ofOne);
      await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
      await verdict(page).not.toContain('Draw something');
      expect(await painted()).toBeLessThan(ofWords); // a dot, and no words
    });
  });

  test('keeps its word on the house, and calls a 7 unknown', async () => {
    await onPage(async (page) => {
      await page.click('.invitation [data-example=house]');
      await verdict(page).toContain('It is a 0');
      await page.click('[data-example="7"]');
      await verdict(page).toContain('Unknown');
    });
  });

  test('leads to code and documentation where package.json says where they are, and nowhere else', async () => {
    const manifest = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as Manifest;
    const expected = [...projectLinks(manifest).matchAll(/href="([^"]*)"/g)].map(([, address]) => address);
    await onPage(async (page) => {
      const links = await page.locator('a').evaluateAll((all) => all.map((link) => link.getAttribute('href')));
      expect(links).toEqual(expected);
      expect(await page.content()).not.toContain('project-links');
    });
  });

  test('the slider moves the threshold and turns the verdict where the p-value says so', async () => {
    const scored = await Promise.all(
      fixedImages().map(async (image) => {
        const { score } = await classifier.classify(digitOfPicture(image)!);
        return { image, pValue: decideWith(classifier.calibration, [score], { alpha: 0.05 })[0]!.pValue };
      }),
    );
    const between = scored.find(({ pValue }) => pValue > 0.002 && pValue < 0.28)!;
    expect(between).toBeDefined();
    await onPage(async (page) => {
      await scoreOf(page, between.image);
      const pValue = await value(page, '#p-value');
      expect(pValue).toBeCloseTo(between.pValue, 3);
      const slide = async (percent: number) => {
        await page.fill('#alpha', percent.toFixed(1));
        return value(page, '#threshold');
      };
      const strict = await slide(Math.floor(pValue * 1000 - 1) / 10);
      await verdict(page).toContain('It is a');
      const loose = await slide(Math.ceil(pValue * 1000 + 1) / 10);
      await verdict(page).toContain('Unknown');
      expect(loose).toBeLessThan(strict);
      await page.focus('#alpha');
      await page.keyboard.press('Home');
      expect(await text(page, '#alpha-value')).toBe('0.1 %');
      expect(await page.getAttribute('#alpha', 'aria-valuetext')).toBe('0.1 %');
      expect(await value(page, '#threshold')).toBeGreaterThan(strict);
      await verdict(page).toContain('It is a');
    });
  });

  test('has the scores that Node has, to 1e-4', async () => {
    await onPage(async (page) => {
      await page.waitForSelector('html[data-loaded=true]');
      for (const backend of ['wasm', 'webgl', 'webgpu']) {
        if (backend === 'webgpu' && !(await page.evaluate(async () => !!(await navigator.gpu?.requestAdapter()))))
          continue;
        await page.selectOption('#backend', backend);
        await page.waitForSelector(`html[data-backend=${backend}]`);
        let most = 0;
        // A backend that is drawn by software takes every third, of all kinds.
        for (const image of fixedImages().filter((_, i) => backend === 'wasm' || i % 3 === 2)) {
          const { score } = await classifier.classify(digitOfPicture(image)!);
          const there = await scoreOf(page, image);
          most = Math.max(most, Math.abs(there - score) / Math.max(1, score));
        }
        console.log(`${backend}: scores differ by ${most.toExponential(1)} from Node's wasm`);
        expect(most).toBeLessThan(1e-4);
      }
    });
  });

  test('trains, and its AUROC rises while the embedding moves', async () => {
    await onPage(async (page) => {
      await page.waitForSelector('html[data-worker=ready]');
      await page.click('#train');
      await expect.poll(() => value(page, '#auroc')).not.toBeNaN();
      const picture = () => page.locator('#live-embedding').evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
      const first = await picture();
      await expect.poll(() => value(page, '#auroc'), { timeout: 60_000 }).toBeGreaterThan(0.85);
      await expect.poll(picture).not.toBe(first);
      await page.click('#stop');
      await expect.poll(() => text(page, '#live-status')).toMatch(/^Stopped: AUROC from/);
      const said = await text(page, '#live-status');
      console.log(said, await text(page, '#steps'), 'steps');
      const [from, to] = /from (\d\.\d+) to (\d\.\d+)/.exec(said)!.slice(1).map(Number);
      expect(to).toBeGreaterThan(from! + 0.05);
      expect(await page.isEnabled('#train')).toBe(true);
      expect(await layoutShifts(page)).toEqual([]);
      const chart = (await page.locator('#auroc-chart').boundingBox())!;
      const dot = (await page.locator('#auroc-chart circle').boundingBox())!;
      expect(chart.x + chart.width - dot.x - dot.width).toBeLessThan(15); // the line reaches the end
      expect(chart.width).toBeGreaterThan(600);
    });
  });

  test('trains on webgpu where that is the choice', async () => {
    await onPage(async (page) => {
      await page.waitForSelector('html[data-loaded=true][data-worker=ready]');
      // Chromium has it by software, as the flags say: without it this test fails
      await page.selectOption('#backend', 'webgpu');
      await page.waitForSelector('html[data-backend=webgpu]');
      await page.click('#train');
      await expect.poll(() => text(page, '#live-status')).toBe('Training on webgpu…');
      await expect.poll(() => value(page, '#steps'), { timeout: 400_000 }).toBeGreaterThan(0);
      expect(await value(page, '#auroc')).toBeGreaterThan(0);
      await page.click('#stop');
      await expect.poll(() => text(page, '#live-status'), { timeout: 100_000 }).toMatch(/^Stopped: AUROC from/);
    });
  }, 600_000); // a step by software, on a busy machine

  test.each([
    ['throws', "setTimeout(() => { throw new Error('out of luck'); })", /^It failed: .*out of luck$/],
    ['rejects', "setTimeout(() => void Promise.reject(new Error('out of luck')))", /^It failed: .*out of luck$/],
    ['ends', 'setTimeout(() => self.close())', /^It failed: nothing came from it for 20 s$/],
  ] as const)('a worker that %s is said to have, and the next training works', async (_, die, says) => {
    const page = await openPage(browser, server.url);
    try {
      await page.waitForSelector('html[data-worker=ready]');
      await page.click('#train');
      await expect.poll(() => value(page, '#steps')).toBeGreaterThan(0);
      await page
        .workers()
        .at(-1)!
        .evaluate(die)
        .catch(() => undefined); // it cannot answer any more
      await expect.poll(() => text(page, '#live-status'), { timeout: 60_000 }).toMatch(says);
      const ofTheDead = await value(page, '#steps');
      await page.click('#train');
      await expect.poll(() => text(page, '#live-status')).toBe('Training on wasm…');
      await expect.poll(() => value(page, '#steps')).not.toBe(ofTheDead);
      await expect.poll(() => value(page, '#steps')).toBeGreaterThan(0);
    } finally {
      await page.context().close();
    }
  });

  test('works without a network once it is loaded', async () => {
    await onPage(async (page) => {
      await page.waitForSelector('html[data-loaded=true][data-worker=ready]');
      await page.context().setOffline(true);
      await page.selectOption('#backend', 'webgl');
      await page.waitForSelector('html[data-backend=webgl]');
      await page.getByRole('button', { name: 'star' }).click();
      await verdict(page).toContain('Unknown');
      await page.click('#train');
      await expect.poll(() => value(page, '#steps')).toBeGreaterThan(0);
    });
  });
});

describe('for everybody', () => {
  test.each(['light', 'dark'] as const)('axe finds nothing serious in %s', async (colorScheme) => {
    await onPage(
      async (page) => {
        await page.getByRole('button', { name: 'star' }).click();
        await verdict(page).toContain('Unknown');
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
        console.log(
          colorScheme,
          'axe:',
          violations.map(({ id, impact }) => `${id} (${impact})`).join(', ') || 'nothing',
        );
        const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
        expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
      },
      { colorScheme },
    );
  });

  test('keys alone draw a digit, and every control is reached in reading order', async () => {
    await onPage(async (page) => {
      await page.click('#clear');
      await page.focus('#pad');
      await page.keyboard.press('Space');
      for (let i = 0; i < 14; i++) await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Space');
      await verdict(page).toContain('It is a 1');
      await page.keyboard.press('Backspace');
      await verdict(page).toContain('Draw something');
      const reached: string[] = [];
      for (let i = 0; i < 30; i++) {
        await page.keyboard.press('Tab');
        const id = await page.evaluate(() => document.activeElement?.id ?? '');
        if (id) reached.push(id);
        if (id === 'train') break;
      }
      expect(reached).toEqual(['clear', 'open', 'camera', 'alpha', 'embedding', 'backend', 'train']);
    });
  });

  test('fits a phone: nothing is wider than the screen, and nothing moves', async () => {
    await onPage(
      async (page) => {
        await page.waitForSelector('html[data-loaded=true][data-worker=ready]');
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
        await page.tap('#train');
        await expect.poll(() => value(page, '#steps')).toBeGreaterThan(0);
        await page.tap('#stop');
        await expect.poll(() => text(page, '#live-status')).toMatch(/^Stopped/);
        expect(await layoutShifts(page)).toEqual([]);
      },
      { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    );
  });
});

describe('pictures', () => {
  test('a file that is no image is said to be none; an even one too', async () => {
    await onPage(async (page) => {
      await page.setInputFiles('#file', { name: 'a.png', mimeType: 'image/png', buffer: Buffer.from('no image') });
      await expect.poll(() => text(page, '#message')).toBe('a.png is no image that this browser reads.');
      const even = { data: new Uint8Array(40 * 40 * 4).fill(255), width: 40, height: 40 };
      await page.setInputFiles('#file', { name: 'b.png', mimeType: 'image/png', buffer: await toPng(even) });
      await expect.poll(() => text(page, '#message')).toContain('an even surface');
      await verdict(page).toContain('Draw something');
    });
  });

  test('an image that is dropped is classified', async () => {
    const image = fixedImages().at(-1)!;
    const png = [...(await toPng(image))];
    await onPage(async (page) => {
      const data = await page.evaluateHandle((bytes) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(bytes)], 'zero.png', { type: 'image/png' }));
        return transfer;
      }, png);
      await page.dispatchEvent('#stage', 'drop', { dataTransfer: data });
      await verdict(page).toContain('It is a 0');
    });
  });

  test('the camera: a picture where it is allowed, a reason where it is not', async () => {
    await onPage(
      async (page) => {
        await page.click('#clear');
        await page.click('#camera');
        await expect.poll(() => text(page, '#camera')).toBe('Take picture');
        await page.waitForTimeout(300);
        await page.click('#camera');
        await expect.poll(() => value(page, '#score')).not.toBeNaN();
        expect(await page.isVisible('#video')).toBe(false);
      },
      { permissions: ['camera'] },
    );
    await onPage(async (page) => {
      await page.click('#camera');
      await expect.poll(() => text(page, '#message')).toContain('The camera is not allowed here');
      expect(await text(page, '#camera')).toBe('Use camera');
    });
  });
});
