// Every program of the pages for newcomers, as it stands, in plain Node, in a folder with what it imports.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { check } from './check.mjs';
import { execute, install, root } from './install.mjs';

/** What the pages tell a reader to install. */
const PACKAGES = [
  '@tensorflow/tfjs@4.22.0',
  '@tensorflow/tfjs-backend-wasm@4.22.0',
  '@tensorflow-models/knn-classifier@1.2.6',
  'buffer@6',
  'fastify@5',
  'nsfwjs@4.4.0',
  'onnxruntime-web@1',
  'p-queue@9',
  'sharp@0.35',
];

export const installPrograms = (folder, tarball) => install(folder, [tarball, ...PACKAGES]);

/** `pages`: only these, for who changes one. */
export async function checkPrograms(folder, pages = []) {
  const scripts = join(folder, 'programs');
  mkdirSync(scripts, { recursive: true });
  const writing = ['tsx', join(root, 'test/docs/write-programs.ts'), scripts, ...pages];
  const { stdout } = await execute('npx', writing, { cwd: root });
  const programs = JSON.parse(stdout);
  const runAll = async () => {
    for (let program; (program = programs.shift());) {
      const { title, file } = program;
      const seconds = performance.now();
      await check(`program ${title}`, async () => {
        await execute(process.execPath, [file], { cwd: folder, timeout: 240_000 });
        return `${((performance.now() - seconds) / 1000).toFixed(1)} s`;
      });
    }
  };
  await Promise.all([runAll(), runAll()]);
}
