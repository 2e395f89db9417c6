import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Job, Outcome } from './run-inputs';
import { inputOf } from './target';
import { targets } from './targets/index';

const STUCK = 30_000;
const root = fileURLToPath(new URL('../../', import.meta.url));

/** Reads the inputs in a process of their own, which is killed where it gets stuck; says how it ended in any case. */
async function runJob(program: string, job: Omit<Job, 'cursor'>): Promise<Outcome> {
  const cursor = `${program}.${job.name}.cursor`;
  await writeFile(cursor, Buffer.alloc(8));
  const child = fork(program, [JSON.stringify({ ...job, cursor })], {
    execArgv: ['--max-old-space-size=512', '--expose-gc'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let [outcome, said, isStuck]: [Outcome | undefined, string, boolean] = [undefined, '', false];
  child.stderr!.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
  child.on('message', (message) => (outcome = message as Outcome));
  const index = async () => Number((await readFile(cursor)).readBigUInt64LE()) - 1;
  let [last, since] = [-1, Date.now()];
  const watch = setInterval(() => {
    void index().then((now) => {
      if (now !== last) [last, since] = [now, Date.now()];
      if (Date.now() - since < STUCK) return;
      isStuck = true;
      child.kill('SIGKILL');
    });
  }, 1000);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(watch);
  if (outcome) return outcome;
  const reason = isStuck ? `nothing for ${STUCK} ms` : `the process ended (${String(code)}): ${said}`;
  const nothing = { accepted: 0, refused: 0, milliseconds: 0, slowest: 0, largest: 0, memory: 0 };
  return { ...nothing, failure: { index: await index(), reason } };
}

const number = (name: string, otherwise: number) => Number(process.env[name] ?? otherwise);

/** What goes through files takes a millisecond or more each. */
const IN_FOLDERS = [
  'extractTarGz',
  'loadGtsrb, list',
  'readImageList, list',
  'readImageList, image',
  'latestCheckpoint',
];

/**
 * A test for each reader: `FUZZ_INPUTS` inputs (otherwise `inputs`, and `inFolders` for those that read folders), of
 * the seed `FUZZ_SEED` from the number `FUZZ_FROM` on, are read or properly refused. A failure says with which of them
 * it comes again. At the end a table of what was read.
 */
export function fuzzSuite({ inputs, inFolders }: { inputs: number; inFolders: number }): void {
  const [seed, from] = [number('FUZZ_SEED', 1), number('FUZZ_FROM', 0)];
  const rows: string[] = [];
  let folder = '';
  beforeAll(async () => {
    // Below node_modules, where the packages are found.
    await mkdir(join(root, 'node_modules', '.cache'), { recursive: true });
    folder = await mkdtemp(join(root, 'node_modules', '.cache', 'fuzz-'));
    await build({
      entryPoints: [fileURLToPath(new URL('run-inputs.ts', import.meta.url))],
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      tsconfig: join(root, 'tsconfig.json'),
    });
  });
  afterAll(async () => {
    if (existsSync(folder)) await rm(folder, { recursive: true, force: true });
    const head = [
      'reader',
      'inputs',
      'accepted',
      'refused',
      'inputs/s',
      'slowest ms',
      'most bytes asked for',
      'MB at most',
    ];
    console.log(
      [head, head.map(() => '---')].map((cells) => `| ${cells.join(' | ')} |`).join('\n') + `\n${rows.join('\n')}`,
    );
  });

  describe('damaged files are refused, or read as they are', () => {
    test.for(Object.keys(targets))('%s', { timeout: 12 * 3_600_000 }, async (name) => {
      const count = number('FUZZ_INPUTS', IN_FOLDERS.includes(name) ? inFolders : inputs);
      const job = { name, seed, from, to: from + count };
      const outcome = await runJob(join(folder, 'run-inputs.mjs'), job);
      const { accepted, refused, milliseconds, slowest, largest, memory, failure } = outcome;
      if (failure) {
        const input = inputOf(await targets[name]!(), seed, failure.index);
        throw new Error(
          `${name}, input ${failure.index} of seed ${seed}: ${failure.reason}\n` +
            `again by FUZZ_SEED=${seed} FUZZ_FROM=${failure.index} FUZZ_INPUTS=1; in base64:\n` +
            Buffer.from(input).toString('base64'),
        );
      }
      const rate = Math.round((1000 * count) / milliseconds);
      rows.push(
        `| ${[name, count, accepted, refused, rate, slowest.toFixed(1), largest, memory.toFixed(0)].join(' | ')} |`,
      );
      console.log(rows.at(-1));
      if (count < 1000) return;
      expect(accepted, 'some are whole').toBeGreaterThan(0);
      expect(refused, 'most are damaged').toBeGreaterThan(0);
    });
  });
}
