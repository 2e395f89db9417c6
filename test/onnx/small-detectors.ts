import { seededRandom } from '../../src/core/random';
import { fitOutputDetector, type OutputDetector } from 'tfjs-ood/detector';
import * as scorers from 'tfjs-ood/scorers';
import type { Head, ScorerMethod } from 'tfjs-ood/scorers';
import type { Rows } from './run-onnx';

export const [SIZE, CLASSES] = [12, 5];

/** What one detector is fitted on, and asked. */
export interface Outputs {
  features: Rows;
  logits: Rows;
  labels: Int32Array;
}

const random = seededRandom(7, 0);
export const head: Head = {
  weights: Float32Array.from(
    { length: SIZE * CLASSES },
    (_, at) => (Math.floor(at / CLASSES) % CLASSES === at % CLASSES ? 0.6 : -0.2) + random.normal() / 10,
  ),
  bias: Float32Array.from({ length: CLASSES }, () => random.normal() / 10),
  shape: [SIZE, CLASSES],
};

/**
 * Rows in groups, one for each class, and their logits by the head. `strange` moves each row away by a length of its
 * own; `away` is where all of it lies.
 */
export function outputs(count: number, seed: number, { strange = 0, away = 0, relu = true } = {}): Outputs {
  const random = seededRandom(seed, 1);
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  const features = new Float32Array(count * SIZE);
  for (let row = 0; row < count; row++) {
    const reach = strange * random.uniform();
    for (let i = 0; i < SIZE; i++) {
      const center = i % CLASSES === labels[row] ? 3 : 0.4;
      const value = center + random.normal() * (0.7 + (i % 3) / 3) + reach * random.normal();
      features[row * SIZE + i] = (relu ? Math.max(0, value) : value) + away;
    }
  }
  const logits = new Float32Array(count * CLASSES);
  for (let row = 0; row < count; row++) {
    for (let c = 0; c < CLASSES; c++) {
      let sum = head.bias[c]!;
      for (let i = 0; i < SIZE; i++) sum += features[row * SIZE + i]! * head.weights[i * CLASSES + c]!;
      logits[row * CLASSES + c] = sum;
    }
  }
  return {
    features: { data: features, shape: [count, SIZE] },
    logits: { data: logits, shape: [count, CLASSES] },
    labels,
  };
}

/** Every scorer with a graph, in each of its forms. */
export const METHODS: Readonly<Record<string, () => ScorerMethod>> = {
  msp: () => scorers.msp(),
  'msp, T = 3': () => scorers.msp({ temperature: 3 }),
  energy: () => scorers.energy(),
  'energy, T = 0.5': () => scorers.energy({ temperature: 0.5 }),
  'max-logit': () => scorers.maxLogit(),
  entropy: () => scorers.entropy(),
  gen: () => scorers.gen(),
  'gen, m = 1': () => scorers.gen({ m: 1, gamma: 0.5 }),
  'gen, m = 3': () => scorers.gen({ m: 3 }),
  'joint-energy': () => scorers.jointEnergy(),
  'kl-matching': () => scorers.klMatching(),
  'ash, s': () => scorers.ash({ percentile: 0.5 }),
  'ash, b': () => scorers.ash({ variant: 'b' }),
  'ash, p': () => scorers.ash({ variant: 'p' }),
  fdbd: () => scorers.fdbd(),
  react: () => scorers.react(),
  'react, msp': () => scorers.react({ then: 'msp', percentile: 0.6 }),
  'react, max-logit': () => scorers.react({ then: 'max-logit' }),
  residual: () => scorers.residual({ dimension: 5 }),
  scale: () => scorers.scale(),
  she: () => scorers.she(),
  vim: () => scorers.vim({ dimension: 5 }),
  'class-gaussians': () => scorers.classGaussians(),
  mahalanobis: () => scorers.mahalanobis(),
  'relative-mahalanobis': () => scorers.relativeMahalanobis(),
  'class-gaussians, length': () => scorers.classGaussians({ normalize: 'length' }),
  'mahalanobis, length': () => scorers.mahalanobis({ normalize: 'length' }),
  'relative-mahalanobis, length': () => scorers.relativeMahalanobis({ normalize: 'length' }),
  'nearest-class-mean': () => scorers.nearestClassMean(),
  'nearest-class-mean, cosine': () => scorers.nearestClassMean({ distance: 'cosine' }),
  'nearest-neighbors': () => scorers.nearestNeighbors({ k: 5 }),
  'nearest-neighbors, as they are': () => scorers.nearestNeighbors({ k: 5, normalize: 'none' }),
  'nearest-neighbors, mean': () => scorers.nearestNeighbors({ k: 5, normalize: 'none', use: 'mean' }),
  'nn-guide': () => scorers.nnGuide({ k: 5 }),
  'ensemble, fisher': () =>
    scorers.ensemble([scorers.nearestNeighbors({ k: 3 }), scorers.energy(), scorers.mahalanobis()]),
  'ensemble, length': () => scorers.ensemble([scorers.mahalanobis({ normalize: 'length' }), scorers.energy()]),
  'ensemble, max': () => scorers.ensemble([scorers.vim({ dimension: 5 }), scorers.msp()], { combine: 'max' }),
};

/** Those whose rows may lie far from the origin; the others assume activations of a ReLU, or go by directions. */
export const FAR = [
  'class-gaussians',
  'mahalanobis',
  'relative-mahalanobis',
  'nearest-class-mean',
  'nearest-neighbors, as they are',
  'nearest-neighbors, mean',
  'residual',
] as const;

export const fitted = (
  name: string,
  known: Outputs,
  options: Partial<Parameters<typeof fitOutputDetector>[1]> = {},
): Promise<OutputDetector> =>
  fitOutputDetector(known, { scorer: METHODS[name]!(), head, alpha: 0.05, acceptNoAlarm: true, ...options });
