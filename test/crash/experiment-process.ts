import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';
import { cifarBinary, svhnFile } from '../datasets/small-files';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A running experiment. */
export interface ExperimentProcess {
  child: ChildProcess;
  /** What it has printed so far. */
  output(): string;
  /** Its exit code; null where it was killed. */
  ended: Promise<number | null>;
  /** Resolves when it has printed so, or has ended. */
  says(text: string): Promise<void>;
}

export interface ExperimentFolder {
  /** A new place in a folder that goes away after the tests. */
  place(name: string): string;
  /** The experiment, training in `out`. */
  start(out: string, more?: readonly string[]): ExperimentProcess;
}

/**
 * The experiment of `examples/svhn-cifar10` as one file, which starts quickly, with a few images in the formats of the
 * real sets.
 */
export function experimentFolder(epochs: number): ExperimentFolder {
  let folder = '';
  let count = 0;
  beforeAll(async () => {
    // Below node_modules, where the packages are found.
    await mkdir(join(root, 'node_modules', '.cache'), { recursive: true });
    folder = await mkdtemp(join(root, 'node_modules', '.cache', 'crash-'));
    await build({
      entryPoints: [join(root, 'examples/svhn-cifar10/main.ts')],
      outfile: join(folder, 'main.mjs'),
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      tsconfig: join(root, 'tsconfig.json'),
    });
    const cifar = join(folder, 'data', 'cifar-10-batches-bin');
    await mkdir(cifar, { recursive: true });
    await writeFile(join(cifar, 'data_batch_1.bin'), cifarBinary(40));
    await writeFile(join(cifar, 'test_batch.bin'), cifarBinary(20));
    for (const [name, brighter] of [
      ['train', 0],
      ['test', 20], // no image of both
    ] as const) {
      await writeFile(join(folder, 'data', `${name}_32x32.mat`), svhnFile({ count: 10, brighter }));
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const numbers = `--preset quick --width 0.03 --batch-size 16 --steps-per-epoch 2 --noise-images 10 --epochs ${epochs}`;
  return {
    place: (name) => join(folder, `${name}-${count++}`),
    start(out, more = []) {
      const flags = [...numbers.split(' '), '--no-report', '--data', join(folder, 'data'), '--out', out, ...more];
      const child = spawn(process.execPath, [join(folder, 'main.mjs'), ...flags]);
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
      }
      const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
      const says = (text: string) =>
        new Promise<void>((resolve) => {
          const look = () => output.includes(text) && resolve();
          for (const stream of [child.stdout, child.stderr]) stream.on('data', look);
          void ended.then(() => resolve());
          look();
        });
      return { child, output: () => output, ended, says };
    },
  };
}

/** The folder of the training in a run's folder. */
export const trainingIn = (out: string): string => join(out, 'odm-1');

/** Epochs of the checkpoints in a training's folder, the newest first. */
export async function checkpointsIn(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((): string[] => []);
  const epochs = names.flatMap((name) => /^checkpoint-(\d+)\.safetensors$/.exec(name)?.slice(1) ?? []);
  return epochs.map(Number).sort((a, b) => b - a);
}

/** Epochs that a training has a line of; one that was cut off does not count. */
export async function epochsIn(folder: string): Promise<number[]> {
  const text = await readFile(join(folder, 'epochs.jsonl'), 'utf8').catch(() => '');
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { epoch: number }).epoch);
}

/**
 * Everything of a finished training that must not depend on how often it was stopped: checkpoints and scores, byte by
 * byte.
 */
export async function resultIn(out: string): Promise<Record<string, string>> {
  const folder = trainingIn(out);
  const names = (await readdir(folder)).filter((name) => name.startsWith('checkpoint-') || name === 'scores.csv');
  const entries = names.sort().map(async (name) => [name, (await readFile(join(folder, name))).toString('base64')]);
  const files = Object.fromEntries(await Promise.all(entries)) as Record<string, string>;
  return { ...files, epochs: (await epochsIn(folder)).join() };
}
