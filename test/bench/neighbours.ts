import { spawnSync } from 'node:child_process';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { nearestNeighbours, seededRandom } from 'tfjs-ood';

const [BANK, QUERIES, SIZE, K] = [50_000, 5000, 128, 50];
export const title = `k nearest neighbours: a bank of ${BANK} x ${SIZE}, ${QUERIES} queries, k = ${K}, one core`;

const PYTHON = `
import time, numpy as np
from sklearn.neighbors import NearestNeighbors
rng = np.random.default_rng(1)
unit = lambda x: x / np.linalg.norm(x, axis=1, keepdims=True)
bank = unit(rng.normal(size=(${BANK}, ${SIZE})).astype('f4'))
x = unit(rng.normal(size=(${QUERIES}, ${SIZE})).astype('f4'))
t = time.perf_counter()
NearestNeighbors(n_neighbors=${K}, algorithm='brute', n_jobs=1).fit(bank).kneighbors(x)
print(time.perf_counter() - t)
`;

const drawn = (rows: number, seed: number): Float32Array => {
  const random = seededRandom(seed);
  return Float32Array.from({ length: rows * SIZE }, () => random.normal());
};

async function medianSeconds(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    await run();
    times.push((performance.now() - start) / 1000);
  }
  return times.sort((a, b) => a - b)[1]!;
}

/** The products alone, in the same blocks, read or not. */
async function products(bank: tf.Tensor2D[], queries: Float32Array, blockRows: number): Promise<void> {
  for (let from = 0; from + blockRows <= QUERIES; from += blockRows) {
    const block = tf.tensor2d(queries.subarray(from * SIZE, (from + blockRows) * SIZE), [blockRows, SIZE]);
    for (const own of bank) {
      const product = tf.matMul(block, own);
      await Promise.resolve();
      product.dispose();
    }
    block.dispose();
  }
}

export async function run(): Promise<string[]> {
  await tf.setBackend('wasm');
  const [bank, queries] = [drawn(BANK, 1), drawn(QUERIES, 2)];
  const scorer = await nearestNeighbours({ k: K }).fit([{ features: { data: bank, shape: [BANK, SIZE] } }], {});
  const before = process.memoryUsage().rss;
  const own = await medianSeconds(() => scorer.score({ features: { data: queries, shape: [QUERIES, SIZE] } }));
  const grown = (process.memoryUsage().rss - before) / 2 ** 20;
  scorer.dispose();

  const width = 6250;
  const blocks = Array.from({ length: BANK / width }, (_, b) =>
    tf.transpose(tf.tensor2d(bank.subarray(b * width * SIZE, (b + 1) * width * SIZE), [width, SIZE])),
  );
  const plain = await medianSeconds(() => products(blocks, queries, 250));
  tf.dispose(blocks);
  const python = spawnSync('/usr/bin/python3', ['-c', PYTHON], { env: { ...process.env, OMP_NUM_THREADS: '1' } });
  const gigaflops = (seconds: number) => ((2 * BANK * QUERIES * SIZE) / seconds / 1e9).toFixed(1);
  return [
    `nearestNeighbours.score, wasm: ${own.toFixed(2)} s, ${gigaflops(own)} GFLOP/s; memory of the process +${grown.toFixed(0)} MiB`,
    `wasm's plain matMul of the same: ${plain.toFixed(2)} s, ${gigaflops(plain)} GFLOP/s; ours reaches ${((100 * plain) / own).toFixed(0)} % of its rate`,
    python.status === 0
      ? `scikit-learn brute force: ${Number(python.stdout.toString()).toFixed(2)} s`
      : 'scikit-learn: not here (Debian: python3-sklearn)',
  ];
}
