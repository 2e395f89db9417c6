import { defineConfig } from 'vitest/config';
import { alias } from './vitest.config';

/** `npm run test:page`: builds the example page and uses it as a person would, in headless Chromium. */
export default defineConfig({
  resolve: { alias },
  test: { include: ['test/e2e-browser/*.test.ts'], testTimeout: 60_000, hookTimeout: 120_000, fileParallelism: false },
});
