import { defineConfig } from 'tsup';

/** One entry per public subpath; `exports` in package.json names the same files (checked by test/package). */
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    datasets: 'src/datasets/index.ts',
    node: 'src/node/index.ts',
    layers: 'src/layers/index.ts',
    wasm: 'src/wasm/index.ts',
  },
  format: 'esm',
  target: 'es2022',
  dts: true,
  splitting: true,
  clean: true,
  sourcemap: true,
});
