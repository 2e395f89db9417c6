import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { ClassMeans, nearestClassMean, seededRandom } from 'tfjs-ood';

export const title =
  'class means of 100,000 x 512, 100 classes, against NumPy (one thread, float32 product); scores of the same';

const [ROWS, SIZE, CLASSES, REPEATS] = [100_000, 512, 100, 5];
const PYTHON = '/usr/bin/python3';
const SCRIPT = `
import time, numpy as np
rng = np.random.default_rng(1)
x = rng.standard_normal((${ROWS}, ${SIZE}), dtype='f4')
y = np.arange(${ROWS}) % ${CLASSES}
times = []
for _ in range(${REPEATS + 1}):
    start = time.perf_counter()
    onehot = np.zeros((${ROWS}, ${CLASSES}), 'f4')
    onehot[np.arange(${ROWS}), y] = 1
    means = onehot.T @ x / onehot.sum(0)[:, None]
    times.append(1000 * (time.perf_counter() - start))
print(np.median(times[1:]))
`;

/** Median of `REPEATS` times in ms, after one to warm up. */
async function medianTime(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let repeat = 0; repeat <= REPEATS; repeat++) {
    const start = performance.now();
    await work();
    if (repeat > 0) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[REPEATS >> 1]!;
}

export async function run(): Promise<string[]> {
  await tf.setBackend('wasm');
  const random = seededRandom(1);
  const data = Float32Array.from({ length: ROWS * SIZE }, () => random.normal());
  const embeddings = { data, shape: [ROWS, SIZE] as const };
  const labels = Int32Array.from({ length: ROWS }, (_, i) => i % CLASSES);
  const line = (name: string, time: number, other = '') =>
    `${name.padEnd(28)} ${time.toFixed(0).padStart(6)} ms  ${other}`;

  const ours = await medianTime(() => new ClassMeans().add(embeddings, labels));
  const lines = [line('ClassMeans.add', ours, 'float64 sums')];
  if (existsSync(PYTHON)) {
    const { stdout, stderr } = spawnSync(PYTHON, ['-c', SCRIPT], {
      encoding: 'utf8',
      env: { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' },
    });
    const theirs = Number.parseFloat(stdout);
    lines.push(
      Number.isFinite(theirs)
        ? line('NumPy onehot.T @ X', theirs, `ours takes ${(ours / theirs).toFixed(2)} of it`)
        : `NumPy did not run: ${stderr.trim().split('\n').at(-1)}`,
    );
  }
  const means = new ClassMeans();
  await means.add(embeddings, labels);
  const scorer = nearestClassMean().of(means);
  lines.push(line('nearestClassMean, wasm', await medianTime(() => scorer.score({ features: embeddings }))));
  scorer.dispose();
  return lines;
}
