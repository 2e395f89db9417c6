import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { drawByMouse, launchChromium, text } from '../../test/e2e-browser/open-page';
import { serve } from '../../test/package/serve.mjs';

/** The built site as a visitor uses it: one click from its front page to the demo, and a verdict on what one draws. */
const site = fileURLToPath(new URL('dist', import.meta.url));
const base = process.env.DOCS_BASE ?? '/';
/** As on GitHub Pages, where a project's site is a folder; the demo's own addresses are relative. */
const world = mkdtempSync(join(tmpdir(), 'tfjs-ood-site-'));
symlinkSync(site, join(world, 'some-name'));

/** A closed ring is a 0 to it; a zigzag over the whole pad is nothing that it knows. */
const RING = Array.from({ length: 25 }, (_, i) => {
  return [0.5 + 0.2 * Math.sin((i * Math.PI) / 12), 0.5 - 0.3 * Math.cos((i * Math.PI) / 12)] as const;
});
const ZIGZAG = Array.from({ length: 9 }, (_, i) => [0.1 + 0.1 * i, i % 2 === 0 ? 0.15 : 0.85] as const);

async function useDemo(page: Page): Promise<void> {
  await page.waitForFunction(() => performance.getEntriesByName('first-prediction').length > 0);
  await drawByMouse(page, [RING]);
  await page.locator('#verdict', { hasText: 'It is a 0' }).waitFor();
  await drawByMouse(page, [ZIGZAG]);
  await page.locator('#verdict', { hasText: 'Unknown' }).waitFor();
  console.log(`${new URL(page.url()).pathname}: ${await text(page, '#verdict')}`);
}

const server = await serve(site, world);
const browser = await launchChromium();
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(180_000); // on a busy machine
  const wrong: string[] = [];
  page.on('pageerror', ({ message }) => wrong.push(message));
  page.on('response', (response) => response.status() >= 400 && wrong.push(`${response.status()} ${response.url()}`));
  if (base === '/') {
    await page.goto(server.url);
    await page.getByRole('link', { name: 'Draw a digit' }).first().click();
    await useDemo(page);
  }
  await page.goto(`${server.url}some-name/demo/`);
  await useDemo(page);
  assert.deepEqual(wrong, []);
} finally {
  await browser.close();
  server.close();
  rmSync(world, { recursive: true });
}
