import { spawnSync } from 'node:child_process';
import { oodMetrics, seededRandom } from 'tfjs-ood';

export const title = 'AUROC, both average precisions, FPR at 95 % TPR and detection error of a million float32 scores';

const PYTHON = `
import time, numpy as np
from sklearn.metrics import roc_auc_score, average_precision_score, roc_curve
rng = np.random.default_rng(1)
y = np.r_[np.zeros(500000), np.ones(500000)]
s = np.r_[rng.normal(0, 1, 500000), rng.normal(1, 1, 500000)].astype('f4')
times = []
for _ in range(7):
    t = time.perf_counter()
    roc_auc_score(y, s); average_precision_score(y, s); average_precision_score(1 - y, -s); roc_curve(y, s)
    times.append(time.perf_counter() - t)
print(sorted(times)[3] * 1000)
`;

/** Normal scores, a unit apart. */
function bothSides(each: number): [Float32Array, Float32Array] {
  const random = seededRandom(1);
  const normal = (shift: number) => Float32Array.from({ length: each }, () => shift + random.normal());
  return [normal(0), normal(1)];
}

/** Ten million of them, in Node's default heap. */
function tenMillion(): string {
  const [inScores, outScores] = bothSides(5_000_000);
  const before = process.resourceUsage().maxRSS;
  const start = performance.now();
  const { auroc } = oodMetrics(inScores, outScores);
  const seconds = ((performance.now() - start) / 1000).toFixed(2);
  const grown = Math.round((process.resourceUsage().maxRSS - before) / 1024);
  return `ten million: ${seconds} s, peak memory ${grown} MiB above the scores' own (AUROC ${auroc.toFixed(4)})`;
}

export function run(): Promise<string[]> {
  const [inScores, outScores] = bothSides(500_000);
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now();
    oodMetrics(inScores, outScores);
    return performance.now() - start;
  }).slice(2);
  const own = times.sort((a, b) => a - b)[3]!;
  const python = spawnSync('/usr/bin/python3', ['-c', PYTHON], { env: { ...process.env, OMP_NUM_THREADS: '1' } });
  const theirs = python.status === 0 ? Number(python.stdout.toString()) : undefined;
  const peer =
    theirs === undefined
      ? 'scikit-learn: not here (Debian: python3-sklearn)'
      : `scikit-learn: ${theirs.toFixed(0)} ms; ratio ${(own / theirs).toFixed(3)}`;
  return Promise.resolve([`tfjs-ood: ${own.toFixed(0)} ms`, peer, tenMillion()]);
}
