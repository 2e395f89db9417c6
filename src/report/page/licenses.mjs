// Writes dist/third-party-licenses.txt: the license of every package whose code is inside dist: what the report draws
// with, and what the command line reads commands with.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { metafile } = await build({
  entryPoints: [
    'src/report/index.ts',
    'src/report/page/main.ts',
    'src/cli/main.ts',
    'examples/svhn-cifar10/main.ts', // all experiments have one command line
  ].map((entry) => join(root, entry)),
  bundle: true,
  metafile: true,
  write: false,
  outdir: 'unused',
  format: 'esm',
  external: ['ml-matrix', 'canvas', '*.css', 'tfjs-ood', 'tfjs-ood/*', '@tensorflow/*', 'onnxruntime-*'],
  platform: 'node',
  absWorkingDir: root,
});
const packages = new Set();
for (const input of Object.keys(metafile.inputs)) {
  const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
  if (found) packages.add(found[1]);
}
const texts = [...packages].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const file = readdirSync(join(root, folder)).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(root, folder, file), 'utf8').trim() : `License: ${license}`;
  return `${name} ${version} (${license})\n\n${text}\n`;
});
writeFileSync(join(root, 'dist/third-party-licenses.txt'), texts.join(`\n${'-'.repeat(72)}\n\n`));
