import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { alias } from './vitest.config';

const arithmetic = [
  'test/losses/*.test.ts',
  'test/embeddings/*.test.ts',
  'test/scorers/*.test.ts',
  'test/augment/*.test.ts',
];
/** Not on webgpu: they read tensors at once, which that backend answers with zeros where it cannot wait. */
const training = [
  'test/layers/{closed-form-batch-norm,detector-stores,embed,graph-model,seeded-dropout,trainer,vgg}.test.ts',
];

/** Node tests wasm's scorers and statistics too; here it is another build, with threads. */
const suites: Record<string, string[]> = {
  wasm: [...training, 'test/losses/*.test.ts', 'test/augment/*.test.ts'],
  webgl: [...training, ...arithmetic],
  webgpu: arithmetic,
};

/** `npm run test:browser`: what is tested on each backend, in headless Chromium, a page for each but cpu, which is the same in Node; webgpu where the browser has it. */
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
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        launchOptions: {
          executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', // Debian's; playwright's own is a download
          args: [
            '--no-sandbox',
            '--use-gl=angle',
            '--use-angle=swiftshader',
            '--enable-unsafe-swiftshader',
            '--enable-unsafe-webgpu',
            '--use-webgpu-adapter=swiftshader',
          ],
        },
      }),
      instances: Object.keys(suites).map((backend) => ({
        browser: 'chromium' as const,
        name: backend,
        provide: { backends: [backend] },
        include: suites[backend]!,
      })),
    },
  },
});
