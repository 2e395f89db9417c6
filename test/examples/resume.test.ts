import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const numbers = '--preset drawn --width 0.03 --batch-size 16 --epochs 8 --steps-per-epoch 2 --noise-images 20';
const flags = [...numbers.split(' '), '--evaluate-at-most', '50'];

/** Runs the experiment; kills it as soon as `until` holds. */
function runExperiment(
  out: string,
  more: string[] = [],
  until?: () => boolean,
): Promise<{ code: number | null; output: string }> {
  const args = ['examples/run.mjs', 'svhn-cifar10', ...flags, '--out', out, ...more];
  const child = spawn(process.execPath, args, { cwd: root });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const timer = setInterval(() => until?.() && child.kill('SIGKILL'), 2);
  return new Promise((resolve) =>
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({ code, output });
    }),
  );
}

/** The folder of the first training. */
const training = 'odm-1';
const linesIn = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0);
const lastCheckpoint = async (folder: string) => {
  const files = (await readdir(folder)).filter((file) => /^checkpoint-\d+\.safetensors$/.test(file)).sort();
  return readFile(join(folder, files.at(-1)!));
};

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tfjs-ood-resume-'))));
afterAll(() => rm(folder, { recursive: true }));

test('a run killed twice and started again ends with the weights of an uninterrupted one, bit for bit', async () => {
  const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')];
  const first = await runExperiment(whole, ['--print-every', '3']);
  expect(first.code, first.output).toBe(0);
  const printed = [...first.output.matchAll(/^odm, seed 1: epoch (\d+), mean loss \d+\.\d{4}, \d+ images\/s$/gm)];
  expect(printed.map(([, epoch]) => Number(epoch))).toEqual([3, 6]);
  for (const lines of [1, 3]) {
    const { code } = await runExperiment(killed, [], () => linesIn(join(killed, training, 'epochs.jsonl')) >= lines);
    expect(code).toBe(null); // killed
  }
  const last = await runExperiment(killed, ['--print-every', '8']); // no number of the run: it may change
  expect(last.code, last.output).toBe(0);

  const [a, b] = [whole, killed].map((run) => join(run, training));
  expect((await lastCheckpoint(b!)).equals(await lastCheckpoint(a!))).toBe(true);
  expect(await readFile(join(b!, 'scores.csv'), 'utf8')).toBe(await readFile(join(a!, 'scores.csv'), 'utf8'));
  const resultsOf = async (run: string) =>
    (JSON.parse(await readFile(join(run, 'results.json'), 'utf8')) as object[]).map((result) => ({
      ...result,
      trainSeconds: 0,
      cpuSeconds: 0,
    }));
  expect(await resultsOf(killed)).toEqual(await resultsOf(whole));
  const epochs = async (run: string) =>
    (await readFile(join(run, training, 'epochs.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { epoch: number }).epoch);
  expect(await epochs(killed)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);

  await rm(join(whole, 'report.html'));
  const again = await runExperiment(whole);
  expect(again.output).toContain('is finished');
  expect(again.output).toContain(`Report: none is there, as its training had finished before; delete ${whole}`);
  const other = await runExperiment(whole, ['--margin', '3']);
  expect(other.code).toBe(1);
  expect(other.output).toContain('margin');
}, 300_000);

test('a comparison killed inside its second training goes on there', async () => {
  const methods = ['--methods', 'odm,cross-entropy', '--no-report'];
  const [whole, killed] = [join(folder, 'both'), join(folder, 'both-killed')];
  expect((await runExperiment(whole, methods)).code).toBe(0);
  const second = join(killed, 'cross-entropy-1', 'epochs.jsonl');
  expect((await runExperiment(killed, methods, () => linesIn(second) >= 2)).code).toBe(null);
  const { code, output } = await runExperiment(killed, methods);
  expect(code, output).toBe(0);
  expect(output).toContain('2 trainings, 1 of them finished; the rest takes about');
  expect(output).not.toMatch(/Training .*odm/); // it was done
  for (const name of ['odm-1', 'cross-entropy-1']) {
    const [a, b] = [whole, killed].map((run) => join(run, name));
    expect((await lastCheckpoint(b!)).equals(await lastCheckpoint(a!))).toBe(true);
    expect(await readFile(join(b!, 'scores.csv'), 'utf8')).toBe(await readFile(join(a!, 'scores.csv'), 'utf8'));
  }
}, 300_000);

test('a wrong option is one clear line', async () => {
  const { code, output } = await runExperiment(join(folder, 'wrong'), ['--width', '-1']);
  expect(code).toBe(1);
  expect(output.trim().split('\n').at(-1)).toBe('experiment: --width must be a number from 0.01 to 4, got -1');
});
