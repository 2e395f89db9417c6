import * as tf from '@tensorflow/tfjs-core';
import {
  hardestTriplets,
  odmLoss,
  seededRandom,
  supervisedContrastiveLoss,
  tripletLoss,
  type BatchLabels,
} from 'tfjs-ood';
import {
  classGaussians,
  mahalanobis,
  nearestNeighbors,
  relativeMahalanobis,
  residual,
  vim,
  type Head,
} from 'tfjs-ood/scorers';

/** N rows of D features in C classes. */
export interface Sizes {
  rows: number;
  size: number;
  classes: number;
}

/** What is measured: a fit, scores of so many rows by what was fitted once, or a loss of all rows with its gradient. */
export interface Case {
  name: string;
  sizes: readonly Sizes[];
  /** Rows that are scored; none: the fit is measured, or the loss. */
  scored?: number;
}

const wide = (...sizes: number[]): Sizes[] => sizes.map((size) => ({ rows: 5000, size, classes: 10 }));
const batches = (...rows: number[]): Sizes[] => rows.map((own) => ({ rows: own, size: 128, classes: 11 }));
const many = (size: number, ...classes: number[]): Sizes[] =>
  classes.map((own) => ({ rows: 5000, size, classes: own }));

export const CASES: readonly Case[] = [
  { name: 'mahalanobis', sizes: wide(512, 1024, 2048) },
  { name: 'relativeMahalanobis', sizes: wide(512, 1024, 2048) },
  { name: 'classGaussians', sizes: many(256, 10, 100, 1000) },
  { name: 'classGaussians', sizes: wide(256, 512, 1024) },
  { name: 'residual', sizes: wide(256, 512, 1024) },
  { name: 'residual', sizes: many(1024, 10, 100, 1000) },
  { name: 'residual', sizes: [320, 640, 1280].map((size) => ({ rows: 500, size, classes: 10 })) },
  { name: 'residual', sizes: wide(256, 512, 1024), scored: 1000 },
  { name: 'residual', sizes: wide(512, 1024, 2048), scored: 1 },
  { name: 'vim', sizes: wide(256, 512, 1024) },
  { name: 'vim', sizes: wide(512, 1024, 2048), scored: 1 },
  { name: 'nearestNeighbors', sizes: [50_000, 100_000, 200_000].map((rows) => ({ rows, size: 128, classes: 10 })) },
  { name: 'odmLoss', sizes: batches(64, 256, 1024) },
  { name: 'supervisedContrastiveLoss', sizes: batches(64, 256, 1024) },
  { name: 'hardestTriplets', sizes: batches(64, 256, 1024) },
  { name: 'allTriplets', sizes: batches(64, 256, 1024) },
];

/** Losses of pairs, each with its gradient; every class has OoD rows beside it. */
const LOSSES: Readonly<Record<string, (labels: BatchLabels, x: tf.Tensor2D) => tf.Scalar>> = {
  odmLoss: (labels, x) => odmLoss(labels, x, { pairs: 'all' }),
  supervisedContrastiveLoss: (labels, x) => supervisedContrastiveLoss(labels, x),
  hardestTriplets: (labels, x) => tripletLoss(labels, x, { miner: hardestTriplets() }),
  allTriplets: (labels, x) => tripletLoss(labels, x),
};
export const isLoss = ({ name }: Case): boolean => name in LOSSES;

const METHODS = { mahalanobis, relativeMahalanobis, classGaussians, residual, vim, nearestNeighbors };

/** Features about C centers, their labels, and a head that tells them apart. */
export function made({ rows, size, classes }: Sizes, seed = 1) {
  const random = seededRandom(seed);
  const labels = Int32Array.from({ length: rows }, (_, row) => row % classes);
  const data = new Float32Array(rows * size);
  for (let at = 0; at < data.length; at++) {
    data[at] = random.normal() + ((at % size) % classes === labels[Math.floor(at / size)]! ? 2 : 0);
  }
  const draws = seededRandom(seed + 1);
  const weights = Float32Array.from(
    { length: size * classes },
    (_, at) => (Math.floor(at / classes) % classes === at % classes ? 0.2 : 0) + 0.02 * draws.normal(),
  );
  const bias = Float32Array.from({ length: classes }, () => draws.normal());
  const head: Head = { weights, bias, shape: [size, classes] };
  return { features: { data, shape: [rows, size] as const }, labels, head };
}

/** Milliseconds of the processor, of which a busy machine gives fewer a second. */
export async function timed(run: () => Promise<unknown>): Promise<number> {
  const from = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1000;
}

/** The value and the gradient of a loss; the first class is OoD. */
function gradientOf(name: string, { features, labels }: ReturnType<typeof made>): () => Promise<unknown> {
  const x = tf.tensor2d(features.data, [...features.shape]);
  const own = labels.map((label) => label - 1);
  return async () => {
    const { value, grad } = tf.tidy(() => tf.valueAndGrad((rows: tf.Tensor) => LOSSES[name]!(own, rows as tf.Tensor2D))(x)); // prettier-ignore
    await Promise.all([value.data(), grad.data()]);
    tf.dispose([value, grad]);
  };
}

/** The fit of a case as a function, and the scores of some rows by it. */
export function workOf({ name, scored }: Case, sizes: Sizes): () => Promise<() => Promise<unknown>> {
  const { head, ...block } = made(sizes);
  if (name in LOSSES) return () => Promise.resolve(gradientOf(name, { head, ...block }));
  const method = METHODS[name as keyof typeof METHODS](sizes.rows < sizes.size ? { dimension: 128 } : undefined);
  const fit = () => method.fit([block] as never, { head });
  if (!scored) return () => Promise.resolve(async () => (await fit()).dispose());
  const { features } = made({ ...sizes, rows: scored }, 7);
  return async () => {
    const scorer = await fit();
    return () => scorer.score({ features });
  };
}
