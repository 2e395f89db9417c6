// Which peers an entry imports, by what esbuild leaves outside: nobody has to install more than these for it.
import { isBuiltin } from 'node:module';
import { build } from 'esbuild';
import { check } from './check.mjs';

const core = '@tensorflow/tfjs-core';
const HYPARQUET = [
  'hyparquet',
  'hyparquet-compressors',
  'hyparquet-writer',
  ...['column', 'datapage', 'delta'].map((file) => `hyparquet/src/${file}.js`),
];
const PEERS = {
  'tfjs-ood': [core],
  'tfjs-ood/scorers': [core],
  'tfjs-ood/metrics': [],
  'tfjs-ood/thresholds': [],
  'tfjs-ood/embeddings': [core],
  'tfjs-ood/detector': [core], // the LayersModel class comes from the model itself
  'tfjs-ood/datasets': [],
  'tfjs-ood/training': [core, '@tensorflow/tfjs-layers'],
  'tfjs-ood/wasm': ['@tensorflow/tfjs-backend-wasm', core],
  'tfjs-ood/webgpu': ['@tensorflow/tfjs-backend-webgpu', core],
  'tfjs-ood/onnx': [],
  'tfjs-ood/blocks': HYPARQUET, // all of them imported where a file is opened or written
  'tfjs-ood/jobs': [...HYPARQUET, core], // and no bullmq: its workers call what is made here
  'tfjs-ood/report': [],
  'tfjs-ood/node': ['sharp', 'webgpu', '@tensorflow/tfjs-backend-webgpu', core], // all when they are called for
};

async function peersOf(folder, entry) {
  const { metafile } = await build({
    stdin: { contents: `export * from '${entry}';`, resolveDir: folder },
    bundle: true,
    format: 'esm',
    platform: /\/(node|jobs)$/.test(entry) ? 'node' : 'browser',
    write: false,
    metafile: true,
    external: ['@tensorflow/*', 'sharp', 'webgpu', 'hyparquet*'],
    logLevel: 'error',
  });
  const outside = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  return [...new Set(outside)].filter((path) => !isBuiltin(path)).sort();
}

/** Peers of the package that is installed in `folder`. */
export async function checkPeers(folder, entries) {
  await check('each entry imports no peer but its own', async () => {
    for (const entry of entries) {
      const found = await peersOf(folder, entry);
      const wanted = [...(PEERS[entry] ?? ['none listed'])].sort();
      if (found.join() !== wanted.join()) throw new Error(`${entry} imports [${found}], expected [${wanted}]`);
    }
  });
}
