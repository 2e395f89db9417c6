import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { seededRandom } from 'tfjs-ood';
import { mahalanobis } from 'tfjs-ood/scorers';
import 'tfjs-ood/wasm';

export const title =
  'Mahalanobis distances, 10 classes, in float64, against the plain float32 matMul of wasm and against scikit-learn';

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

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Times of some works in ms, in turns: what disturbs one disturbs all. One turn to warm up. */
async function timesInTurns<Name extends string>(
  works: Record<Name, () => Promise<unknown>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(works) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let repeat = 0; repeat <= REPEATS; repeat++) {
    for (const name of names) {
      const start = performance.now();
      await works[name]();
      if (repeat > 0) times[name].push(performance.now() - start);
    }
  }
  return times;
}

/**
 * The bound: as many multiplications by the backend's plain matMul [m, k] x [k, n], a block at a time, of float32
 * tensors that are there already, the product read back. Fitting and scoring start from arrays, and what they add is
 * counted.
 */
function plainProducts(rows: number, [m, k, n]: readonly [number, number, number]) {
  const [a, b] = [tf.randomNormal<tf.Rank.R2>([m, k]), tf.randomNormal<tf.Rank.R2>([k, n])];
  return {
    async run() {
      for (let from = 0; from < rows; from += BLOCK) {
        const product = tf.matMul(a, b);
        await product.data();
        product.dispose();
      }
    },
    /** The last block is no full one. */
    share: rows / (Math.ceil(rows / BLOCK) * BLOCK),
    dispose: () => tf.dispose([a, b]),
  };
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
    const rate = (time: number) => (flops / time / 1e6).toFixed(1);
    const features = { data, shape: [rows, size] as const };
    const bareFit = plainProducts(rows, [size, BLOCK, size]);
    const bareScore = plainProducts(rows, [BLOCK, size, size]);
    const scorer = await mahalanobis().fit(blocks, {});
    const times = await timesInTurns({
      bareFit: bareFit.run,
      fit: async () => (await mahalanobis().fit(blocks, {})).dispose(),
      bareScore: bareScore.run,
      score: () => scorer.score({ features }),
    });
    for (const one of [scorer, bareFit, bareScore]) one.dispose();
    const line = (name: string, own: number[], bare: number[], share: number, other: number | undefined) => {
      const percent = median(own.map((time, i) => (100 * share * bare[i]!) / time));
      lines.push(
        `  ${name.padEnd(6)} ${median(own).toFixed(0).padStart(5)} ms  ${rate(median(own)).padStart(5)} GFLOP/s, ` +
          `${percent.toFixed(0)} % of the plain product's ${rate(share * median(bare))}` +
          (other === undefined ? '' : `; Python, one core: ${other.toFixed(0)} ms`),
      );
    };
    lines.push(`${rows} x ${size}`);
    line('fit', times.fit, times.bareFit, bareFit.share, theirs[at]?.[0]);
    line('score', times.score, times.bareScore, bareScore.share, theirs[at]?.[1]);
  }
  return lines;
}
