import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { chromiumFlags, paintByProcessor } from './test/browser/chromium-flags';
import { alias } from './vitest.config';

const arithmetic = [
  'test/losses/*.test.ts',
  'test/embeddings/*.test.ts',
  'test/linalg/*.test.ts',
  'test/tensors/finite-images.test.ts',
  'test/scorers/*.test.ts',
  'test/augment/*.test.ts',
];
/** Not on webgpu: there they run in Node (vitest.webgpu.config.ts). */
const training = [
  'test/training/{closed-form-batch-norm,seeded-dropout,step-gradients,trainer,vgg}.test.ts',
  'test/detector/{detector-stores,embed,graph-model}.test.ts',
];

/** They wait for what they read, and so run on webgpu too. */
const waiting = ['test/detector/{finite-inputs,image-shapes}.test.ts'];
/** A webgl of 16 bits, beside that of the page. */
const half = 'test/detector/half-precision.test.ts';

/** They replace or fill what only cpu and wasm have, and run in Node. */
const inNode = ['test/scorers/{products-that-fail,full-heap}.test.ts'];

/** It takes our machine code away for a whole page. */
const withoutOurCode = 'test/scorers/gaussian-scorers-on-backend.test.ts';
/** By software webgpu takes minutes for them: with FULL=1 alone. */
const later = process.env.FULL
  ? []
  : ['test/losses/{other-losses,mining}.test.ts', 'test/scorers/gaussian-scorers.test.ts'];
/** Node tests wasm's scorers and statistics too; here it is another build, with threads. */
const suites: { name: string; backends: string[]; include: string[]; exclude?: string[] }[] = [
  { name: 'wasm', backends: ['wasm'], include: [...training, 'test/losses/*.test.ts', 'test/augment/*.test.ts'] },
  {
    name: 'webgl',
    backends: ['webgl'],
    include: [...training, ...waiting, ...arithmetic],
    exclude: [withoutOurCode, ...inNode],
  },
  {
    name: 'webgpu',
    backends: ['webgpu'],
    include: [...waiting, ...arithmetic, 'test/browser/*.webgpu.ts', 'test/training/step-gradients.test.ts'],
    exclude: [withoutOurCode, ...inNode, ...later],
  },
  { name: 'page', backends: ['cpu'], include: ['test/browser/*.page.ts'] },
  { name: 'webgl-half', backends: ['webgl'], include: [half] },
  { name: 'without-our-code', backends: ['webgl', 'webgpu'], include: [withoutOurCode] },
];

/**
 * `npm run test:browser`: what is tested on each backend, in headless Chromium, a page for each but cpu, which is the
 * same in Node; webgpu where the browser has it.
 */
export default defineConfig({
  resolve: { alias },
  // All of them: one that Vite finds later makes it reload the page in the middle of a test.
  optimizeDeps: {
    include: [
      '@tensorflow/tfjs-converter',
      '@tensorflow/tfjs-core',
      '@tensorflow/tfjs-layers',
      '@tensorflow/tfjs-backend-cpu',
      '@tensorflow/tfjs-backend-wasm',
      '@tensorflow/tfjs-backend-webgl',
      '@tensorflow/tfjs-backend-webgpu',
      'fast-check',
      'hnswlib-wasm',
      'ml-matrix',
    ],
  },
  test: {
    setupFiles: ['test/browser/setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', // Debian's; playwright's own is a download
          args: [...chromiumFlags, ...paintByProcessor],
        },
      }),
      // One page for all files of a suite: what webgl has compiled for one serves the next.
      isolate: false,
      instances: suites.map(({ backends, ...suite }) => ({
        browser: 'chromium' as const,
        provide: { backends },
        ...suite,
      })),
    },
  },
});
