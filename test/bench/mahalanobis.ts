import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { mahalanobis, seededRandom } from 'tfjs-ood';
import 'tfjs-ood/wasm';

export const title =
  'Mahalanobis distances, 10 classes, wasm, against the bare float32 products and against scikit-learn';

const [CLASSES, BLOCK, REPEATS] = [10, 4096, 5];
const SIZES = [
  [50_000, 128],
  [20_000, 512],
] as const;
const PYTHON = '/usr/bin/python3';
const SCRIPT = `
import time, numpy as np
from scipy.linalg import cholesky, solve_triangular
from sklearn.covariance import OAS
for rows, size in ${JSON.stringify(SIZES)}:
    x = np.random.default_rng(1).standard_normal((rows, size), dtype='f4')
    y = np.arange(rows) % ${CLASSES}
    times = []
    for _ in range(${REPEATS + 1}):
        a = time.perf_counter()
        means = np.stack([x[y == c].mean(0, dtype='f8') for c in range(${CLASSES})])
        s = OAS(assume_centered=True, store_precision=False).fit(x - means[y]).covariance_
        b = time.perf_counter()
        l = cholesky(s, lower=True)
        z = solve_triangular(l, (x - means.mean(0)).T, lower=True).T
        m = solve_triangular(l, (means - means.mean(0)).T, lower=True).T
        near = ((z * z).sum(1)[:, None] - 2 * z @ m.T + (m * m).sum(1)).min(1)
        times.append((1000 * (b - a), 1000 * (time.perf_counter() - b)))
    print(*np.median(times[1:], axis=0))
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

/** Time of the plain product [m, k] x [k, n], read back, for each block of so many rows. */
async function productTime(rows: number, [m, k, n]: readonly [number, number, number]): Promise<number> {
  const [a, b] = [tf.randomNormal<tf.Rank.R2>([m, k]), tf.randomNormal<tf.Rank.R2>([k, n])];
  const time = await medianTime(async () => {
    for (let from = 0; from < rows; from += BLOCK) {
      const product = tf.matMul(a, b);
      await product.data();
      product.dispose();
    }
  });
  tf.dispose([a, b]);
  return (time * rows) / (Math.ceil(rows / BLOCK) * BLOCK);
}

function theirTimes(): number[][] {
  if (!existsSync(PYTHON)) return [];
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  const { stdout } = spawnSync(PYTHON, ['-c', SCRIPT], { encoding: 'utf8', env });
  const lines = stdout.trim().split('\n');
  return lines.map((line) => line.split(' ').map(Number));
}

export async function run(): Promise<string[]> {
  await tf.setBackend('wasm');
  const theirs = theirTimes();
  const lines: string[] = [];
  for (const [at, [rows, size]] of SIZES.entries()) {
    const random = seededRandom(1);
    const data = Float32Array.from({ length: rows * size }, () => random.normal());
    const labels = Int32Array.from({ length: rows }, (_, i) => i % CLASSES);
    const blocks = Array.from({ length: Math.ceil(rows / BLOCK) }, (_, b) => {
      const [from, to] = [b * BLOCK, Math.min((b + 1) * BLOCK, rows)];
      const features = { data: data.subarray(from * size, to * size), shape: [to - from, size] as const };
      return { features, labels: labels.subarray(from, to) };
    });
    const flops = 2 * rows * size * size;
    const rate = (time: number) => flops / time / 1e6;
    const line = (name: string, time: number, bare: number, products: number, other: number | undefined) =>
      lines.push(
        `${name.padEnd(20)} ${time.toFixed(0).padStart(5)} ms  ${rate(time).toFixed(1).padStart(5)} GFLOP/s ` +
          `(${products === 1 ? '' : `${products} products: ${(products * rate(time)).toFixed(1)}, `}` +
          `${((100 * products * bare) / time).toFixed(0)} % of the bare product's ${rate(bare).toFixed(1)})` +
          (other === undefined ? '' : `; Python, one core: ${other.toFixed(0)} ms`),
      );

    lines.push(`${rows} x ${size}`);
    const bareFit = await productTime(rows, [size, BLOCK, size]);
    const bareScore = await productTime(rows, [BLOCK, size, size]);
    const fit = await medianTime(async () => (await mahalanobis().fit(blocks, {})).dispose());
    line('  fit', fit, bareFit, 2, theirs[at]?.[0]);
    const scorer = await mahalanobis().fit(blocks, {});
    const features = { data, shape: [rows, size] as const };
    line('  score', await medianTime(() => scorer.score({ features })), bareScore, 1, theirs[at]?.[1]);
    const before = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(async () => {
      await scorer.score({ features });
      return [];
    });
    const mebi = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
    lines.push(
      `  score, memory on the backend: ${mebi(peakBytes - before)} MiB; all rows are ${mebi(4 * data.length)} MiB`,
    );
    scorer.dispose();
  }
  return lines;
}
