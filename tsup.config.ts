import { defineConfig } from 'tsup';

/** One entry per public subpath; `exports` in package.json names the same files (checked by test/package). */
export default defineConfig({
  entry: {
    index: 'src/index.ts',
    scorers: 'src/scorers/index.ts',
    metrics: 'src/metrics/index.ts',
    thresholds: 'src/thresholds/index.ts',
    embeddings: 'src/embeddings/index.ts',
    detector: 'src/detector/index.ts',
    datasets: 'src/datasets/index.ts',
    node: 'src/node/index.ts',
    training: 'src/training/index.ts',
    report: 'src/report/index.ts',
    wasm: 'src/wasm/index.ts',
    webgpu: 'src/webgpu/index.ts',
    onnx: 'src/onnx/index.ts',
    blocks: 'src/blocks/index.ts',
    jobs: 'src/jobs/index.ts',
  },
  format: 'esm',
  target: 'es2022',
  dts: true,
  // Only the report draws: what it draws with goes into its file, so that nobody else installs it.
  noExternal: ['@observablehq/plot', 'linkedom', 'umap-js'],
  splitting: true,
  clean: true,
  sourcemap: true,
});
