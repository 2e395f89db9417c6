import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { alias } from '../../vitest.config';

const folder = fileURLToPath(new URL('.', import.meta.url));

/**
 * `npm run example:teachable-machine` (while editing) and `npm run example:teachable-machine:build` (static files in
 * runs/teachable-machine).
 */
export default defineConfig({
  root: folder,
  base: './', // the built page runs from any folder of any server
  resolve: { alias },
  assetsInclude: ['**/*.bin'],
  // All of them: one that Vite finds later makes it reload the page.
  optimizeDeps: {
    include: ['core', 'layers', 'backend-wasm'].map((part) => `@tensorflow/tfjs-${part}`).concat('ml-matrix'),
  },
  build: {
    outDir: fileURLToPath(new URL('../../runs/teachable-machine', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
  },
});
