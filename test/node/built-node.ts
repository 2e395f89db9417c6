import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

/**
 * Bundles `tfjs-ood/node` into a folder, so that plain Node processes can be started quickly; the report is a part of
 * its own.
 */
export async function buildNode(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const entry = { node: fileURLToPath(new URL('../../src/node/index.ts', import.meta.url)) };
  const quiet = { config: false, silent: true, dts: false, clean: false, splitting: true, sourcemap: false } as const;
  await build({ ...quiet, entry, outDir: folder, format: ['esm'], platform: 'node', target: 'node20' });
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  return join(folder, 'node.js');
}

/** Starts a script that may use the names of `tfjs-ood/node`; `output` is what it has printed so far. */
export function startScript(
  module: string,
  script: string,
  options: SpawnOptions = {},
): { child: ChildProcess; output: () => string; ended: Promise<number | null> } {
  const names = 'openRunFolder, writeFileAtomic, download, extractTarGz';
  const text = `import { ${names} } from ${JSON.stringify(module)};\n${script}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], { stdio: 'pipe', ...options });
  let output = '';
  const collect = (chunk: Buffer) => (output += chunk.toString());
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { child, output: () => output, ended };
}
