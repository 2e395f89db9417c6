import { fileURLToPath } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { build, preview } from 'vite';
import { chromiumFlags } from '../browser/chromium-flags';

/** Builds the page of an example and serves what was built; returns its address and how to end it. */
export async function servePage(example = 'browser'): Promise<{ url: string; close: () => Promise<void> }> {
  const configFile = fileURLToPath(new URL(`../../examples/${example}/vite.config.ts`, import.meta.url));
  await build({ configFile, logLevel: 'error' });
  const server = await preview({ configFile, logLevel: 'error', preview: { port: 0, host: '127.0.0.1' } });
  const address = server.httpServer.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { url: `http://127.0.0.1:${address.port}/`, close: () => server.close() };
}

export const launchChromium = (...more: string[]): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', // Debian's; playwright's own is a download
    args: [...chromiumFlags, '--disable-background-networking', '--use-fake-device-for-media-stream', ...more],
  });

/** The page with its first prediction made, and its layout shifts counted from the start. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  await context.addInitScript(() => {
    type Shift = PerformanceEntry & { value: number; sources: { node: Node | null }[] };
    const shifts: string[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as Shift[]) {
        const nodes = entry.sources.map(
          ({ node }) => (node instanceof Element ? node : node?.parentElement)?.outerHTML,
        );
        shifts.push(`${entry.value}: ${nodes.map((html) => html?.slice(0, 80)).join(', ')}`);
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(() => performance.getEntriesByName('first-prediction').length > 0);
  return page;
}

/** All that moved by itself, and how far; also right after an input, when browsers forgive it. */
export const layoutShifts = (page: Page): Promise<string[]> =>
  page.evaluate(() => (window as unknown as { shifts: string[] }).shifts);

/** Strokes in a square of side 1, by the mouse. */
export async function drawByMouse(page: Page, strokes: readonly (readonly (readonly [number, number])[])[]) {
  await page.click('#clear');
  const box = (await page.locator('#pad').boundingBox())!;
  for (const stroke of strokes) {
    const places = stroke.map(([x, y]) => [box.x + x * box.width, box.y + y * box.height] as const);
    await page.mouse.move(...places[0]!);
    await page.mouse.down();
    for (const place of places) await page.mouse.move(...place, { steps: 4 });
    await page.mouse.up();
  }
}

export const text = async (page: Page, selector: string): Promise<string> =>
  ((await page.locator(selector).textContent()) ?? '').replace(/\s+/g, ' ').trim();

export const value = async (page: Page, selector: string): Promise<number> => {
  const found = await page.locator(selector).getAttribute('value');
  return found ? Number(found) : NaN;
};
