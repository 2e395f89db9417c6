import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../node/temporary-folder';

const place = temporaryFolder();
const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** The example as a person would start it. */
const started = (...args: string[]) =>
  run(process.execPath, ['examples/run.mjs', 'cluster', '--lock', '3000', '--out', place('out'), ...args], {
    cwd: root,
  });

test('the cluster loses nothing where a worker and the server are killed', { timeout: 240_000 }, async () => {
  const { stdout, stderr } = await started('--rows', '6000', '--width', '16', '--shards', '24', '--share', '0.1');
  expect(stdout).toMatch(/a poisoned shard: fitJob: 1 of 4 shards failed: fitJob: shard poisoned\.parquet: /);
  expect(stdout).toMatch(/troubles: one worker killed by -9 in a fit; Redis killed by -9 while shards were scored/);
  const [, mahalanobis] = /\| mahalanobis \| (\S+) \|/.exec(stdout)!;
  expect(Number(mahalanobis)).toBeLessThanOrEqual(1e-10);
  expect(stdout).toMatch(/\| neighbors \| 0 \| 0 \|/);
  expect(stderr).toMatch(/mahalanobis: \d+ of 6000 called OoD; every id once/);
  expect(stderr).toMatch(/neighbors: \d+ of 6000 called OoD; every id once/);
});

test('one worker beside two', { timeout: 240_000 }, async () => {
  const { stdout } = await started('--rows', '2000', '--width', '8', '--shards', '8', '--compare', '--share', '0.2');
  expect(stdout).toMatch(/two workers are \d+\.\d\d times as fast as one, on 2000 rows/);
});
