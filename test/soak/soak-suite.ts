import { fork } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import type { Sample } from './run-soak';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Cycles in which kernels, caches and the heap reach their size. */
const WARM_UP = 5;
/** Most that the process may grow by between the first and the last quarter after that. */
const RSS_GROWTH = 32 * 2 ** 20;

/** The program of `run-soak.ts` in a process of its own. */
async function soak(seconds: number): Promise<Sample[]> {
  const caches = join(root, 'node_modules', '.cache');
  await mkdir(caches, { recursive: true }); // below node_modules, where the packages are found
  const folder = await mkdtemp(join(caches, 'soak-'));
  try {
    await build({
      entryPoints: [fileURLToPath(new URL('run-soak.ts', import.meta.url))],
      outfile: join(folder, 'run-soak.mjs'),
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      tsconfig: join(root, 'tsconfig.json'),
    });
    const child = fork(join(folder, 'run-soak.mjs'), [String(seconds)], {
      execArgv: ['--expose-gc'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    const samples: Sample[] = [];
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
    child.on('message', (message) => samples.push(message as Sample));
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code, said).toBe(0);
    return samples;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

/** Markdown of the samples at the start, a quarter, the half and the end. */
function tableOf(samples: readonly Sample[]): string {
  const head = [
    '',
    'minutes',
    'cycles',
    'steps',
    'scored',
    'loss',
    'tensors',
    'tensors MiB',
    'wasm heap MiB',
    'RSS MiB',
  ];
  const rows = Object.entries({ start: 0, quarter: 0.25, half: 0.5, end: 1 }).map(([name, share]) => {
    const { seconds, cycles, steps, scored, loss, ...held } = samples[Math.round(share * (samples.length - 1))]!;
    const { tensors, tensorBytes, heapBytes, rssBytes } = held;
    const numbers = [(seconds / 60).toFixed(1), cycles, steps, scored, loss.toFixed(3), tensors];
    return [name, ...numbers, mib(tensorBytes), mib(heapBytes), mib(rssBytes)];
  });
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/**
 * Trains and scores in turns for `SOAK_MINUTES` (otherwise `minutes`) in one process, which must hold as much at the
 * end as at the start.
 */
export function soakSuite({ minutes }: { minutes: number }): void {
  const seconds = 60 * Number(process.env.SOAK_MINUTES ?? minutes);
  test(
    `${seconds} s of training and scoring: tensors, heap and memory stay as they are`,
    { timeout: 8 * 3_600_000 },
    async () => {
      const all = await soak(seconds);
      const samples = all.slice(WARM_UP - 1);
      console.log(tableOf(samples));
      expect(samples.length).toBeGreaterThanOrEqual(4);
      const { tensors, tensorBytes } = all[0]!; // of the first cycle already
      for (const sample of all) expect(sample).toMatchObject({ tensors, tensorBytes });
      const { heapBytes } = samples[0]!;
      for (const sample of samples) expect(sample.heapBytes, `cycle ${sample.cycles}`).toBe(heapBytes);
      const most = (from: number, to: number) => Math.max(...samples.slice(from, to).map(({ rssBytes }) => rssBytes));
      const quarter = Math.ceil(samples.length / 4);
      expect(most(-quarter, samples.length) - most(0, quarter)).toBeLessThan(RSS_GROWTH);
      // It did train, and every image got a finite score of each of the three scorers.
      const last = all.at(-1)!;
      expect(last.loss).toBeLessThan(all[0]!.loss);
      expect(last.scored).toBe(last.cycles * 3 * 70);
    },
  );
}
