import { defineConfig } from 'vitest/config';
import { alias } from './vitest.config';

/**
 * Debian's Chromium brings the Vulkan loader and SwiftShader, which plays a graphics card. Where there is a card, its
 * driver is found with VK_DRIVER_FILES= (empty). Both are read when a process starts: so they are set here, in the
 * parent.
 */
const chromium = '/usr/lib/chromium';
process.env.VK_DRIVER_FILES ??= `${chromium}/vk_swiftshader_icd.json`;
process.env.LD_LIBRARY_PATH = [process.env.LD_LIBRARY_PATH, chromium].filter(Boolean).join(':');

const training =
  'test/training/{adam,closed-form-batch-norm,seeded-dropout,step-gradients,steps-ahead,trainer,trainer-state,vgg}';
const losses = 'test/losses/{pair-losses,whole-numbers}';
const scorers = 'test/scorers/{logit-scorers,nearest-class-mean}';
const suites = [training, losses, scorers, 'test/detector/embed', 'test/tensors/finite-images'];

/** Minutes by software: with FULL=1 alone. Chromium runs losses, scorers and embeddings on webgpu for each change. */
const full = [
  ...['test/losses/*', 'test/scorers/*', 'test/embeddings/*'],
  'test/detector/{finite-inputs,graph-model,image-shapes}',
];
/** They replace or fill what only cpu and wasm have; the last takes our machine code away for a whole process. */
const elsewhere = 'test/scorers/{products-that-fail,full-heap,gaussian-scorers-on-backend}.test.ts';

/** `npm run test:webgpu`: what is tested on WebGPU without a browser, in Node by the package `webgpu` (Dawn). */
export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/webgpu/*', ...suites, ...(process.env.FULL ? full : [])].map((files) => `${files}.test.ts`),
    exclude: [elsewhere],
    setupFiles: ['test/webgpu/setup.ts'],
    provide: { backends: ['webgpu'] },
    pool: 'forks', // threads share their process' environment, and Dawn
    testTimeout: 600_000, // by software, and on a busy machine
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
