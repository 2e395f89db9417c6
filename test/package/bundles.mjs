// The app of test/package/consumer through each bundler, then run in Chromium, on a page and in a module worker.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build as esbuild } from 'esbuild';
import { chromium } from 'playwright-core';
import { build as vite } from 'vite';
import webpack from 'webpack';
import { check } from './check.mjs';
import { serve } from './serve.mjs';

/**
 * Worked out by hand: a pair at distance 5; the sum of the image; squared distances to (1, 2); -log 2; three of four
 * pairs; all ten rows, whose logits are far smaller than any known ones.
 */
const EXPECTED = {
  loss: [2.5],
  gradient: [-0.3, -0.4, 0.3, 0.4],
  filter: [10],
  scores: [5, 25],
  energy: -0.6931,
  auroc: 0.75,
  found: 10,
};

/** A page for bundlers that make none. */
function writePage(folder, scripts) {
  const tags = scripts.map((script) => `<script type="module" src="./${script}"></script>`);
  writeFileSync(join(folder, 'index.html'), `<!doctype html>\n${tags.join('\n')}\n`);
}

/** Each writes a page into `out`, and says which answers it will have. */
const BUNDLERS = {
  async vite(folder, out) {
    await vite({
      root: folder,
      configFile: false,
      logLevel: 'error',
      worker: { format: 'es' },
      build: { outDir: out, target: 'es2022', chunkSizeWarningLimit: 4000 },
    });
    return ['answer', 'answerOfWorker'];
  },
  async webpack(folder, out) {
    const stats = await promisify(webpack)({
      mode: 'production',
      context: folder,
      entry: { page: './page.mjs', 'worker-page': './worker-page.mjs' },
      output: { path: out },
      performance: { hints: false },
      optimization: { minimize: Boolean(process.env.FULL) }, // its minifier takes a minute
    });
    if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
    writePage(out, ['page.js', 'worker-page.js']);
    return ['answer', 'answerOfWorker'];
  },
  async esbuild(folder, outdir) {
    await esbuild({
      entryPoints: [join(folder, 'page.mjs')],
      bundle: true,
      minify: true,
      format: 'esm',
      target: 'es2022',
      outdir,
      logLevel: 'error',
    });
    writePage(outdir, ['page.js']);
    return ['answer'];
  },
};

/** What the page in `out` works out; a page error, or a request that finds nothing, is an error. */
async function answersOf(browser, out, wasmFiles, names) {
  const server = await serve(out, wasmFiles);
  const page = await browser.newPage();
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(error.message));
  page.on('response', (response) => {
    if (response.status() >= 400 && !response.url().endsWith('favicon.ico')) wrong.push(`no ${response.url()}`);
  });
  try {
    await page.goto(server.url);
    const answers = await Promise.all(names.map((name) => page.evaluate((name) => globalThis[name], name)));
    assert.deepEqual(wrong, []);
    return answers;
  } catch (error) {
    throw new Error([error.message, ...wrong].join('\n'), { cause: error });
  } finally {
    await page.close();
    server.close();
  }
}

export async function checkBundles(folder) {
  const wasmFiles = join(folder, 'node_modules/@tensorflow/tfjs-backend-wasm/dist');
  // Debian's, as for the browser tests; playwright's own is a download.
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const starting = chromium.launch({ executablePath, args: ['--no-sandbox'] });
  starting.catch(() => {}); // each check says so
  for (const [name, bundle] of Object.entries(BUNDLERS)) {
    const out = join(folder, `bundled-by-${name}`);
    await check(
      `${name}: the app in Chromium${name === 'esbuild' ? '' : ', on a page and in a Web Worker'}`,
      async () => {
        const names = await bundle(folder, out);
        for (const answer of await answersOf(await starting, out, wasmFiles, names)) assert.deepEqual(answer, EXPECTED);
      },
    );
  }
  await (await starting.catch(() => undefined))?.close();
}
