import { defineConfig } from 'vitest/config';
import { alias } from './vitest.config';

/** `npm run test:page`: builds the example page and uses it as a person would, in headless Chromium. */
export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/e2e-browser/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    // A machine without a graphics card draws by software, beside whatever else it does.
    expect: { poll: { timeout: 30_000 } },
  },
});
