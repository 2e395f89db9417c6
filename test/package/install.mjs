// Folders as users have them: the packed tarball and tfjs, installed by npm. npm refuses a peer that the package's
// range leaves out.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const root = fileURLToPath(new URL('../..', import.meta.url));
/** Runs a program; what it prints comes back, or goes into the error. */
export const execute = promisify(execFile);

/** Installs packages into a folder of its own, without their install scripts: nothing else is fetched. */
export async function install(folder, packages) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, '{ "private": true, "type": "module" }');
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--loglevel=error'];
  await execute('npm', ['install', ...quiet, ...packages], { cwd: folder });
}

/** A user's project: the tarball with tfjs at one version, and the sources of test/package/consumer. */
export async function installConsumer(folder, tarball, tfjs) {
  const parts = ['core', 'layers', 'backend-cpu', 'backend-wasm', 'backend-webgpu'].map(
    (part) => `@tensorflow/tfjs-${part}@${tfjs}`,
  );
  await install(folder, [tarball, ...parts]);
  cpSync(`${root}test/package/consumer`, folder, { recursive: true });
}
