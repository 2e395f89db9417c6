// Starters as people take them: each copied into an empty folder, installed with the packed tarball, and used.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import sharp from 'sharp';
import { check } from './check.mjs';
import { execute, root } from './install.mjs';
import { serve } from './serve.mjs';

export const STARTERS = join(root, 'examples/starters');
// Vite, within this process, sets NODE_ENV=production, with which npm leaves out what builds
const QUIET = ['--include=dev', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--loglevel=error'];

/** Copies a starter, puts the tarball where the published package would be, and installs. */
export async function installStarter(name, folder, tarball) {
  cpSync(join(STARTERS, name), folder, { recursive: true });
  const file = join(folder, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  manifest.dependencies['tfjs-ood'] = `file:${tarball}`;
  writeFileSync(file, JSON.stringify(manifest));
  await execute('npm', ['install', ...QUIET], { cwd: folder });
}

/** Four colors that run into each other, or noise; as PNG. */
function picture(kind, seed) {
  const side = kind === 'noise' ? 224 : 2;
  let state = seed * 7919 + 1;
  const random = () => (state = (state * 16807) % 2147483647) % 256;
  const raw = { width: side, height: side, channels: 3 };
  const drawn = sharp(Uint8Array.from({ length: side * side * 3 }, random), { raw });
  return drawn.resize(224, 224, { fit: 'fill', kernel: 'linear' }).png().toBuffer();
}

async function checkNode(folder) {
  await check('starter node: a sky is known, noise is not', async () => {
    const { stdout } = await execute('npm', ['start', '--silent'], { cwd: folder });
    assert.match(stdout, /^a sky: .*\(p-value [01]\.\d+\)$/m); // one in twenty is called unknown
    assert.match(stdout, /^noise: I don't know this \(p-value 0\.048\)$/m);
  });
}

async function checkFastify(folder) {
  await check(
    'starter fastify: a picture in, a verdict out; 422 for half a picture; the detector is kept',
    async () => {
      const server = spawn(process.execPath, ['server.js'], { cwd: folder, env: { ...process.env, PORT: '0' } });
      const ended = new Promise((resolve) => server.once('exit', resolve));
      try {
        let said = '';
        const url = await new Promise((resolve, reject) => {
          const read = (part) => {
            said += part;
            const [, address] = /listening at (\S+)/.exec(said) ?? [];
            if (address) resolve(address);
          };
          server.stdout.on('data', read);
          server.stderr.on('data', read);
          ended.then((code) => reject(new Error(`it ended with ${code}: ${said}`)));
        });
        const ask = async (body) => {
          const answer = await fetch(`${url}/verdict`, {
            method: 'POST',
            headers: { 'content-type': 'image/png' },
            body,
          });
          return { status: answer.status, ...(await answer.json()) };
        };
        const noise = await picture('noise', 1);
        const strange = await ask(noise);
        assert.deepEqual([strange.status, strange.isOod], [200, true]);
        const skies = await Promise.all([2, 3, 4, 5, 6].map(async (seed) => ask(await picture('sky', seed))));
        assert.ok(skies.filter(({ isOod }) => isOod === false).length >= 3, JSON.stringify(skies));
        assert.equal((await ask(noise.subarray(0, 500))).status, 422);
        assert.ok(readdirSync(folder).includes('detector.safetensors'));
      } finally {
        server.kill('SIGTERM');
        assert.equal(await ended, 0);
      }
    },
  );
}

/** What the page says after a click, whatever it is: an answer that is wrong ends the wait too. */
async function answerOf(page, button, selector) {
  await page.getByRole('button', { name: button }).click();
  const said = page.locator(`${selector}, [role=alert], [role=status] strong`).filter({ hasText: /\.|%/ });
  await said.first().waitFor({ timeout: 300_000 });
  return said.first().innerText();
}

export async function checkVite(folder, pictures) {
  await check('starter vite: builds; in Chromium it knows gradients, and noise it does not know', async () => {
    await execute('npm', ['run', 'build'], { cwd: folder });
    const server = await serve(join(folder, 'dist'));
    const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    try {
      const page = await browser.newPage();
      const wrong = [];
      page.on('pageerror', (error) => wrong.push(error.message));
      await page.goto(server.url);
      assert.match(await answerOf(page, 'or 20 soft gradients', '[role=status]'), /^It knows 20 pictures\.$/);
      assert.match(await answerOf(page, 'noise', '#verdict'), /^I don’t know this\.\s+5 % of known pictures/);
      // One in twenty is called unknown.
      assert.match(await answerOf(page, 'a new gradient', '#verdict'), /% of known pictures look at least as strange$/);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${wide} px wider than the window`);
      if (pictures) await picturesOf(page, pictures);
      assert.deepEqual(wrong, []);
    } finally {
      await browser.close();
      server.close();
    }
  });
}

/** The page in light, in dark, and on a phone, to look at. */
async function picturesOf(page, folder) {
  for (const [name, colorScheme, width] of [
    ['light', 'light', 1300],
    ['dark', 'dark', 1300],
    ['phone', 'dark', 390],
  ]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 700 });
    await page.screenshot({ path: join(folder, `starter-${name}.png`) });
  }
}

/** The dependencies of a starter, as its package.json has them. */
const dependenciesOf = (name) => JSON.parse(readFileSync(join(STARTERS, name, 'package.json'), 'utf8')).dependencies;

/** `pictures`: a folder for screenshots of the page, for who wants to look at them. */
export async function checkStarters(folder, tarball, pictures) {
  const [node, fastify, vite] = ['node', 'fastify', 'vite'].map((name) => join(folder, `starter-${name}`));
  await check('starters: install', async () => {
    await Promise.all([installStarter('fastify', fastify, tarball), installStarter('vite', vite, tarball)]);
  });
  // Node's asks for what fastify's has as well: one installation less.
  await check('starter node: asks for nothing that the fastify one has not', () => {
    assert.deepEqual({ ...dependenciesOf('node'), ...dependenciesOf('fastify') }, dependenciesOf('fastify'));
    cpSync(join(STARTERS, 'node'), node, { recursive: true });
    symlinkSync(join(fastify, 'node_modules'), join(node, 'node_modules'));
  });
  await checkNode(node);
  await checkFastify(fastify);
  await checkVite(vite, pictures);
}
