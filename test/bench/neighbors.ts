import { spawnSync } from 'node:child_process';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { seededRandom } from 'tfjs-ood';
import { hnswIndex, nearestNeighbors, type Scorer } from 'tfjs-ood/scorers';
import { loadHnsw } from '../scorers/load-hnsw';

const [BANK, QUERIES, SIZE, K] = [50_000, 5000, 128, 50];
export const title = `k nearest neighbors: a bank of ${BANK} x ${SIZE}, ${QUERIES} queries, k = ${K}, one core`;

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

const timed = async (run: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await run();
  return (performance.now() - start) / 1000;
};

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

/** Rows about 100 centers, as of a trained network; recall of an HNSW index against the exact search. */
async function approximate(): Promise<string> {
  const centers = drawn(100, 3);
  const rows = (count: number, seed: number) => {
    const [data, random] = [drawn(count, seed), seededRandom(seed, 1)];
    for (let row = 0; row < count; row++) {
      const own = random.integer(100) * SIZE;
      for (let i = 0; i < SIZE; i++) data[row * SIZE + i]! += centers[own + i]!;
    }
    return { data, shape: [count, SIZE] as const };
  };
  const [features, x] = [rows(BANK, 4), rows(QUERIES / 5, 5)];
  const exact = await nearestNeighbors({ k: K }).fit([{ features }], {});
  const index = hnswIndex(await loadHnsw());
  let near: Scorer<'features'> | undefined;
  const build = await timed(async () => (near = await nearestNeighbors({ k: K, index }).fit([{ features }], {})));
  const truth = await exact.score({ features: x });
  const exactly = await timed(() => exact.score({ features: x }));
  const found = await near!.score({ features: x });
  const nearly = await timed(() => near!.score({ features: x }));
  exact.dispose();
  near!.dispose();
  const same = truth.filter((score, i) => Math.abs(score - found[i]!) <= 1e-6 * score).length / truth.length;
  const off = truth.reduce((most, score, i) => Math.max(most, found[i]! / score - 1), 0);
  return (
    `hnswIndex(hnswlib-wasm), 100 clusters: built in ${build.toFixed(1)} s; ${x.shape[0]} queries ${nearly.toFixed(2)} s, exact ${exactly.toFixed(2)} s; ` +
    `${(100 * same).toFixed(1)} % of the scores are the exact ones, the others at most ${(100 * off).toFixed(2)} % above`
  );
}

export async function run(): Promise<string[]> {
  await tf.setBackend('wasm');
  const [bank, queries] = [drawn(BANK, 1), drawn(QUERIES, 2)];
  const scorer = await nearestNeighbors({ k: K }).fit([{ features: { data: bank, shape: [BANK, SIZE] } }], {});
  const width = 6250;
  const blocks = Array.from({ length: BANK / width }, (_, b) =>
    tf.transpose(tf.tensor2d(bank.subarray(b * width * SIZE, (b + 1) * width * SIZE), [width, SIZE])),
  );
  // In turn, and the best of each: what else the machine does meets both.
  let [own, plain, grown] = [Infinity, Infinity, 0];
  for (let i = 0; i < 5; i++) {
    plain = Math.min(plain, await timed(() => products(blocks, queries, 250)));
    const before = process.memoryUsage().rss;
    own = Math.min(own, await timed(() => scorer.score({ features: { data: queries, shape: [QUERIES, SIZE] } })));
    grown = Math.max(grown, (process.memoryUsage().rss - before) / 2 ** 20);
  }
  scorer.dispose();
  tf.dispose(blocks);
  const python = spawnSync('/usr/bin/python3', ['-c', PYTHON], { env: { ...process.env, OMP_NUM_THREADS: '1' } });
  const gigaflops = (seconds: number) => ((2 * BANK * QUERIES * SIZE) / seconds / 1e9).toFixed(1);
  return [
    `nearestNeighbors.score, wasm: ${own.toFixed(2)} s, ${gigaflops(own)} GFLOP/s; memory of the process +${grown.toFixed(0)} MiB at most`,
    `wasm's plain matMul of the same: ${plain.toFixed(2)} s, ${gigaflops(plain)} GFLOP/s; ours reaches ${((100 * plain) / own).toFixed(0)} % of its rate`,
    python.status === 0
      ? `scikit-learn brute force: ${Number(python.stdout.toString()).toFixed(2)} s`
      : 'scikit-learn: not here (Debian: python3-sklearn)',
    await approximate(),
  ];
}
