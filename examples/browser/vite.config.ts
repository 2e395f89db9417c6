import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { alias } from '../../vitest.config';
import { projectLinks, type Manifest } from './project-links';

const folder = fileURLToPath(new URL('.', import.meta.url));
const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Manifest;

/**
 * `npm run example:browser` (while editing) and `npm run example:browser:build` (static files in runs/browser-page).
 */
export default defineConfig({
  root: folder,
  base: './', // the built page runs from any folder of any server
  resolve: { alias },
  plugins: [
    {
      name: 'project-links',
      transformIndexHtml: (html: string) => html.replace('<!-- project-links -->', () => projectLinks(manifest)),
    },
  ],
  assetsInclude: ['**/*.safetensors'],
  // All of them: one that Vite finds later makes it reload the page.
  optimizeDeps: {
    include: ['core', 'layers', 'backend-wasm', 'backend-webgl', 'backend-webgpu']
      .map((part) => `@tensorflow/tfjs-${part}`)
      .concat('ml-matrix'),
  },
  worker: { format: 'es' },
  build: {
    outDir: fileURLToPath(new URL('../../runs/browser-page', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
  },
});
