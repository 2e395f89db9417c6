import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';
import type { WorkerConfig } from './worker-process';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Starts workers in processes of their own; those that are left are ended after the tests of a file. */
export function workerProcesses(): (config: WorkerConfig) => Promise<ChildProcess> {
  // Below node_modules, so that packages are found from there
  const outfile = join(root, 'node_modules', '.cache', 'tfjs-ood', `worker-${process.pid}-${Date.now()}.mjs`);
  const all = new Set<ChildProcess>();
  beforeAll(async () => {
    const entryPoints = [fileURLToPath(new URL('worker-process.ts', import.meta.url))];
    const how = { bundle: true, packages: 'external', platform: 'node', format: 'esm', target: 'node20' } as const;
    await build({ ...how, entryPoints, outfile, tsconfig: join(root, 'tsconfig.json'), logLevel: 'error' });
  });
  afterAll(async () => {
    await Promise.all([...all].map((child) => killed(child)));
    await rm(outfile, { force: true });
  });
  return async (config) => {
    const child = fork(outfile, [JSON.stringify(config)]);
    all.add(child);
    child.once('exit', () => all.delete(child));
    await once(child, 'message');
    return child;
  };
}

/** Kills a process by -9, and waits until it is gone. */
export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
