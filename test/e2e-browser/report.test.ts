import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { writeReport } from 'tfjs-ood/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeReport, makeSet } from '../report/report-input';
import { launchChromium } from './open-page';

const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const names = ['known', 'near <b>', 'far </script>'];
let browser: Browser;
let folder: string;
let address: string;
const report = makeReport({ names, count: 300 });

beforeAll(async () => {
  browser = await launchChromium();
  folder = await mkdtemp(join(tmpdir(), 'tfjs-ood-report-'));
  const [page] = await writeReport(folder, report, { figures: false, umap: true });
  address = pathToFileURL(page!).href;
});
afterAll(async () => {
  await browser.close();
  await rm(folder, { recursive: true, force: true });
});

/** The report opened from disk, with no network; whatever it says on the console is collected. */
async function open(
  url = address,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<{ page: Page; said: string[] }> {
  const context = await browser.newContext({ offline: true, viewport: { width: 1200, height: 900 }, ...options });
  const page = await context.newPage();
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  page.on('request', (request) => {
    if (!/^(file|blob|data):/.test(request.url())) said.push(`asks for ${request.url()}`);
  });
  await page.goto(url);
  await page.waitForSelector('[data-ready]', { state: 'attached' });
  return { page, said };
}

/** How many pixels of the embedding are not its ground. */
const painted = (page: Page, which = 0) =>
  page.evaluate((which) => {
    const canvas = document.querySelectorAll('canvas')[which]!;
    const copy = document.createElement('canvas');
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const context = copy.getContext('2d')!;
    context.drawImage(canvas, 0, 0);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    let sum = 0;
    let places = 0;
    for (let i = 3; i < data.length; i += 4) {
      if (data[i] === 0) continue;
      sum++;
      places = (places * 31 + i) % 1_000_003;
    }
    return { sum, places };
  }, which);
const frame = (page: Page) =>
  page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

describe('the report in a browser', () => {
  test('opens from disk without a word, an error or a request, every chart drawn', async () => {
    const { page, said } = await open();
    expect(said).toEqual([]);
    for (const name of ['histogram', 'roc', 'precision-recall', 'confusion']) {
      expect(
        await page.locator(`[data-chart="${name}"] svg path, [data-chart="${name}"] svg rect`).count(),
      ).toBeGreaterThan(2);
    }
    expect(
      await page
        .locator('[data-chart="roc"] svg [stroke="#d55e00"] path, [data-chart="roc"] svg path[stroke="#d55e00"]')
        .count(),
    ).toBeGreaterThan(0);
    const image = page.locator('.grid .image').first();
    expect(await image.evaluate((element) => element.style.backgroundImage)).toContain('blob:');
    expect((await painted(page)).sum).toBeGreaterThan(100);
  });

  test('moving the threshold shows the rates at it', async () => {
    const { page } = await open();
    const cells = () => page.locator('#threshold-rates tbody td:nth-child(2)').allTextContents();
    expect(await cells()).toEqual(
      [report.known, ...report.out].map(({ scores }) => {
        const sorted = [...(report.known.scores as Float32Array)].sort((a, b) => a - b);
        const threshold = sorted[Math.ceil(0.95 * sorted.length) - 1]!;
        const above = Array.from(scores).filter((score) => score > threshold).length;
        return `${((100 * above) / scores.length).toFixed(1)} %`;
      }),
    );
    expect(await page.locator('#threshold-rates tbody th').allTextContents()).toEqual(names); // not known (known)
    const before = await page.locator('[data-chart="histogram"] svg').innerHTML();
    await page.locator('#threshold').focus();
    await page.keyboard.press('Home');
    expect((await cells()).map(parseFloat).every((rate) => rate > 90)).toBe(true);
    await page.keyboard.press('End');
    expect(await cells()).not.toContain('100.0 %');
    expect(await page.locator('[data-chart="histogram"] svg').innerHTML()).not.toBe(before);
    await page.click('#threshold-reset');
    expect(await page.locator('[data-chart="histogram"] svg').innerHTML()).toBe(before);
  });

  test('the embedding turns, zooms, hides sets, and plays over the epochs', async () => {
    const { page } = await open();
    await page.locator('canvas').scrollIntoViewIfNeeded();
    const start = await painted(page);
    const box = (await page.locator('canvas').boundingBox())!;
    await page.mouse.move(box.x + 200, box.y + 200);
    await page.mouse.down();
    await page.mouse.move(box.x + 300, box.y + 230, { steps: 3 });
    await page.mouse.up();
    await frame(page);
    const turned = await painted(page);
    expect(turned.places).not.toBe(start.places);
    await page.locator('canvas').focus();
    await page.keyboard.press('Home');
    await frame(page);
    expect(await painted(page)).toEqual(start);
    await page.keyboard.press('ArrowLeft');
    await frame(page);
    expect(await painted(page)).not.toEqual(start);
    await page.click('#reset-view');
    await page.uncheck('[data-set="0"]');
    await frame(page);
    expect((await painted(page)).sum).toBeLessThan(start.sum);
    await page.check('[data-set="0"]');

    expect(await page.textContent('#epoch-value')).toBe('5');
    await page.evaluate(() => {
      const label = document.querySelector('#epoch-value')!;
      const seen: string[] = [];
      Object.assign(window, { seen });
      new MutationObserver(() => seen.push(label.textContent)).observe(label, { childList: true, characterData: true });
    });
    await page.click('#play');
    await page.waitForFunction(() => document.querySelector('#play')!.textContent === 'Play');
    expect(await page.evaluate(() => (window as unknown as { seen: string[] }).seen)).toContain('3');
    expect(await page.textContent('#epoch-value')).toBe('5');
    await page.locator('#epoch').focus();
    await page.keyboard.press('Home');
    expect(await page.textContent('#epoch-value')).toBe('1');
    await frame(page);
    expect((await painted(page)).places).not.toBe(start.places);
  });

  test('two trainings play side by side with one slider, turned and colored alike', async () => {
    const { history, ...rest } = makeReport({ names, count: 300 });
    const embeddings = (away: number) =>
      Object.fromEntries(names.map((name, k) => [name, makeSet(name, 4, away + k).embeddings]));
    const epochs = history!.epochs.map(({ epoch }, i) => ({ epoch, embeddings: embeddings(3 - 0.5 * i) }));
    const [path] = await writeReport(
      join(folder, 'two'),
      {
        ...rest,
        history: { ...history!, name: 'ODM <b>' },
        compareWith: { rows: history!.rows, epochs, name: 'metric learning' },
      },
      { figures: false, umap: true },
    );
    const { page, said } = await open(pathToFileURL(path!).href);
    expect(await page.locator('#embedding h3').allTextContents()).toEqual(['ODM <b>', 'metric learning']);
    expect(await page.textContent('#embedding-text')).toContain('metric learning: Principal components');
    await page.locator('canvas').first().scrollIntoViewIfNeeded();
    const both = async () => {
      await frame(page);
      return [await painted(page), await painted(page, 1)] as const;
    };
    const [own, other] = await both();
    for (const { sum } of [own, other]) expect(sum).toBeGreaterThan(50);
    expect(own.places).not.toBe(other.places);

    await page.locator('#epoch').focus();
    await page.keyboard.press('Home');
    const first = await both();
    expect(first.map(({ places }, i) => places !== [own, other][i]!.places)).toEqual([true, true]);
    expect(await page.locator('#epoch, #play').count()).toBe(2);
    await page.click('#play');
    await page.waitForFunction(() => document.querySelector('#play')!.textContent === 'Play');
    expect(await both()).toEqual([own, other]);

    // Whichever is turned, both are.
    await page.locator('canvas').nth(1).focus();
    await page.keyboard.press('ArrowLeft');
    const turned = await both();
    expect(turned.map(({ places }, i) => places !== [own, other][i]!.places)).toEqual([true, true]);
    await page.uncheck('[data-set="0"]');
    (await both()).forEach(({ sum }, i) => expect(sum).toBeLessThan(turned[i]!.sum));
    await page.check('[data-set="0"]');
    // A view of the last epoch alone leaves the other training at its own.
    await page.click('#reset-view');
    expect((await both())[1]).toEqual(other);
    await page.check('#flat');
    const flat = (await both())[1];
    await page.selectOption('#view', '1');
    expect((await both())[1]).toEqual(flat);

    // The report's scores are of its own training.
    const tip = page.locator('.tip').nth(1);
    const box = (await page.locator('canvas').nth(1).boundingBox())!;
    let seen = '';
    for (let y = 10; y < box.height && seen === ''; y += 12) {
      for (let x = 10; x < box.width && seen === ''; x += 24) {
        await page.mouse.move(box.x + x, box.y + y);
        if (await tip.isVisible()) seen = await tip.innerText();
      }
    }
    expect(seen).toMatch(/image \d+/);
    expect(seen).not.toMatch(/score|nearest/);
    expect(said).toEqual([]);
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });

  test('a point under the pointer shows its image, set and score; colors and views change', async () => {
    const { page } = await open();
    await page.locator('canvas').scrollIntoViewIfNeeded();
    await page.selectOption('#view', '1'); // UMAP
    expect(await page.textContent('#embedding-text')).toContain('UMAP');
    expect(await page.locator('.epochs').isVisible()).toBe(false);
    const box = (await page.locator('canvas').boundingBox())!;
    const tip = page.locator('.tip');
    let seen = '';
    for (let y = 10; y < box.height && seen === ''; y += 12) {
      for (let x = 10; x < box.width && seen === ''; x += 24) {
        await page.mouse.move(box.x + x, box.y + y);
        if (await tip.isVisible()) seen = await tip.innerText();
      }
    }
    expect(seen).toMatch(/(known|near <b>|far <\/script>), image (0|3|7|11)\n[^]*score \d/);
    expect(await tip.locator('.image').evaluate((element) => element.style.backgroundImage)).toContain('blob:');
    const before = await page.locator('#class-legend').innerText();
    expect(before).toContain('unknown');
    await page.selectOption('#colors', 'set');
    expect(await page.locator('#class-legend').innerText()).toContain('near <b>');
  });

  test('copies the table', async () => {
    const { page } = await open(address, { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.click('summary:has-text("LaTeX")');
    await page.click('text=Copy LaTeX');
    await page.waitForSelector('text=Copied');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('\\begin{tabular}');
  });

  const payload = (i: number) =>
    [
      `<img src=x onerror="window.hit='img ${i}'">`,
      `</script><script>window.hit='script ${i}'</script>`,
      `"><svg onload="window.hit='svg ${i}'">`,
      `' autofocus onfocus='window.hit="focus ${i}"`,
      `javascript:window.hit='address ${i}'`,
      `]]>\u2028--><style>*{display:none}</style>\u0001`,
    ].join(' ');

  test('what is in names never runs: in text, attributes, tooltips, options, charts and saved figures', async () => {
    const evil = makeReport({ names: ['k', 'n', 'f'].map((name, i) => name + payload(i)), count: 300 });
    const [path] = await writeReport(
      join(folder, 'evil'),
      {
        ...evil,
        title: payload(3),
        classNames: [payload(4), payload(5), payload(6)],
        about: { [payload(7)]: payload(8) },
      },
      { figures: false, umap: true },
    );
    const { page, said } = await open(pathToFileURL(path!).href);
    await page.evaluate(() => document.querySelectorAll('details').forEach((element) => (element.open = true)));
    await page.selectOption('#colors', 'class');
    await page.locator('canvas').scrollIntoViewIfNeeded();
    const box = (await page.locator('canvas').boundingBox())!;
    const tip = page.locator('.tip');
    let seen = '';
    for (let y = 10; y < box.height && seen === ''; y += 12) {
      for (let x = 10; x < box.width && seen === ''; x += 24) {
        await page.mouse.move(box.x + x, box.y + y);
        if (await tip.isVisible()) seen = await tip.innerText();
      }
    }
    expect(seen).toContain('onerror='); // as words
    await page.locator('#threshold').focus();
    await page.keyboard.press('End');
    for (const set of await page.locator('[data-set]').all()) await set.click();
    const waiting = page.waitForEvent('download');
    await page.locator('#confusion').getByText('Save SVG').click();
    const svg = await readFile(await (await waiting).path(), 'utf8');
    const parsed = await page.evaluate((text) => {
      const document = new DOMParser().parseFromString(text, 'image/svg+xml');
      return [
        ...document.querySelectorAll(
          'parsererror, script, img, style:not(svg > style), [onload], [onerror], [onfocus]',
        ),
      ].map(({ outerHTML }) => outerHTML);
    }, svg);
    expect(parsed).toEqual([]);
    expect(await page.evaluate(() => (window as { hit?: string }).hit)).toBeUndefined();
    expect(await page.locator('img, [onerror], [onload], [onfocus], a[href]').count()).toBe(0);
    expect(await page.locator('script').count()).toBe(2);
    expect(await page.locator('h1').isVisible()).toBe(true);
    expect(said).toEqual([]);
  });

  test('the policy of the page lets nothing in, should a name ever become markup', async () => {
    const { page } = await open();
    const blocked = await page.evaluate(async () => {
      const seen: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) => seen.push(event.effectiveDirective));
      const add = (html: string) => document.body.append(document.createRange().createContextualFragment(html));
      add('<script>window.hit = 1</script>');
      add('<b id="inline" onclick="window.hit = 2">x</b>');
      document.querySelector<HTMLElement>('#inline')!.click();
      add('<img src="https://127.0.0.1:1/x.png"><iframe src="https://127.0.0.1:1/"></iframe>');
      await fetch('https://127.0.0.1:1/').catch(() => undefined);
      for (let wait = 0; wait < 100 && new Set(seen).size < 5; wait++)
        await new Promise((done) => setTimeout(done, 100));
      return { seen: [...new Set(seen)].sort(), hit: (window as { hit?: number }).hit };
    });
    expect(blocked.hit).toBeUndefined();
    expect(blocked.seen).toEqual(['connect-src', 'frame-src', 'img-src', 'script-src-attr', 'script-src-elem']);
  });

  test('saves a figure as SVG and PNG', async () => {
    const { page } = await open();
    for (const [words, name] of [
      ['Save SVG', 'roc.svg'],
      ['Save PNG', 'roc.png'],
    ] as const) {
      const waiting = page.waitForEvent('download');
      await page.locator('#roc').getByText(words).click();
      const download = await waiting;
      expect(download.suggestedFilename()).toBe(name);
      expect((await stat(await download.path())).size).toBeGreaterThan(2000);
    }
  });

  test.each([
    ['light', 1200],
    ['dark', 1200],
    ['light', 390],
  ] as const)('no serious finding of axe, nothing wider than the screen: %s, %i pixels', async (colorScheme, width) => {
    const { page } = await open(address, { colorScheme, viewport: { width, height: 844 } });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    // A table that goes on beyond its place says so.
    const cue = await page
      .locator('.wide')
      .first()
      .evaluate((place) => [place.scrollWidth > place.clientWidth, getComputedStyle(place, '::before').content]);
    expect(cue).toEqual(width < 500 ? [true, '"scroll for more columns →"'] : [false, 'none']);
    await page.locator('details').first().click();
    // The page's policy lets no script in; a tester's comes by the debugger.
    await page.evaluate(await import('node:fs/promises').then(({ readFile }) => readFile(axe, 'utf8')));
    const findings = await page.evaluate(async () => {
      const { violations } = await (
        window as unknown as { axe: { run(): Promise<{ violations: { id: string; impact: string }[] }> } }
      ).axe.run();
      return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id }) => id);
    });
    expect(findings).toEqual([]);
  });

  test('50,000 points are drawn, and turned with the pointer on them', async () => {
    const bare = (name: string, away: number) => {
      const { scores, labels, embeddings } = makeSet(name, 50_000, away);
      return { name, scores, embeddings, ...(away === 0 && { labels }) };
    };
    const { evaluation } = makeReport({ names: ['known', 'far'] });
    const [path] = await writeReport(
      join(folder, 'large'),
      { title: 'Large', evaluation, known: bare('known', 0), out: [bare('far', 3)] },
      { figures: false, points: 50_000 },
    );
    expect((await stat(path!)).size).toBeLessThan(5e6);
    const { page, said } = await open(pathToFileURL(path!).href);
    await page.locator('canvas').scrollIntoViewIfNeeded();
    const { script, rate } = await page.evaluate(async () => {
      const canvas = document.querySelector('canvas')!;
      const ask = window.requestAnimationFrame.bind(window);
      let spent = 0;
      window.requestAnimationFrame = (callback) =>
        ask((now) => {
          const start = performance.now();
          callback(now);
          spent += performance.now() - start;
        });
      const script: number[] = [];
      const start = performance.now();
      for (let i = 0; i < 40; i++) {
        spent = 0;
        const moved = performance.now();
        canvas.dispatchEvent(new PointerEvent('pointermove', { clientX: 300 + i, clientY: 300 }));
        canvas.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft' }));
        const events = performance.now() - moved;
        await new Promise((done) => ask(done));
        script.push(events + spent);
      }
      return { script: script.sort((a, b) => a - b), rate: 40_000 / (performance.now() - start) };
    });
    console.log(
      `50,000 points, turned with the pointer on them: ${script[20]!.toFixed(1)} ms of script a frame (median), ` +
        `${script[39]!.toFixed(1)} at most; ${rate.toFixed(0)} frames a second without a graphics card`,
    );
    expect(said).toEqual([]);
    expect((await painted(page)).sum).toBeGreaterThan(1000);
  });
});
