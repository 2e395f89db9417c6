import { defineConfig } from 'vitest/config';
import { alias } from './vitest.config';

/** `npm run test:long`: what takes hours; a short cut of each is among the other tests. */
export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/long/**/*.test.ts'],
    provide: { backends: ['cpu', 'wasm'] },
    testTimeout: 24 * 3_600_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
