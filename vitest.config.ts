import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The package's names stand for its sources. */
export const alias = [
  { find: /^tfjs-ood$/, replacement: source('./src/index.ts') },
  { find: /^tfjs-ood\/(.+)$/, replacement: source('./src/$1/index.ts') },
];

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/**/*.test.ts'],
    provide: { backends: ['cpu', 'wasm'] },
    testTimeout: 60_000,
    hookTimeout: 120_000, // some build or train first
    maxWorkers: 2,
  },
});
