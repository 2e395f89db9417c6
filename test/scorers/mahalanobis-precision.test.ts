import { describe, expect, test } from 'vitest';
import { seededRandom } from 'tfjs-ood';
import { mahalanobis } from 'tfjs-ood/scorers';
import { onEachBackend } from '../on-each-backend';
import { expectClose } from '../expect-close';

/** Distances to the nearest mean by their definition, with the covariance of rows divided by N: two passes, float64. */
function byDefinition(train: Float32Array, labels: Int32Array, test: Float32Array, size: number): Float64Array {
  const classes = Math.max(...labels) + 1;
  const means = Array.from({ length: classes }, () => new Float64Array(size));
  const counts = new Float64Array(classes);
  labels.forEach((label) => counts[label]!++);
  train.forEach((value, at) => {
    const label = labels[Math.floor(at / size)]!;
    means[label]![at % size]! += value / counts[label]!;
  });
  // A second look takes off what rounding of large sums left.
  const left = means.map(() => new Float64Array(size));
  train.forEach((value, at) => {
    const label = labels[Math.floor(at / size)]!;
    left[label]![at % size]! += (value - means[label]![at % size]!) / counts[label]!;
  });
  means.forEach((mean, c) => mean.forEach((_, i) => (mean[i]! += left[c]![i]!)));
  const factor = Array.from({ length: size }, () => new Float64Array(size));
  labels.forEach((label, row) => {
    const z = means[label]!.map((mean, i) => train[row * size + i]! - mean);
    for (let i = 0; i < size; i++) for (let j = 0; j <= i; j++) factor[i]![j]! += (z[i]! * z[j]!) / labels.length;
  });
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = factor[i]![j]!;
      for (let k = 0; k < j; k++) rest -= factor[i]![k]! * factor[j]![k]!;
      factor[i]![j] = i === j ? Math.sqrt(rest) : rest / factor[j]![j]!;
    }
  }
  return Float64Array.from({ length: test.length / size }, (_, row) => {
    const squares = means.map((mean) => {
      const y = new Float64Array(size);
      for (let i = 0; i < size; i++) {
        let rest = test[row * size + i]! - mean[i]!;
        for (let j = 0; j < i; j++) rest -= factor[i]![j]! * y[j]!;
        y[i] = rest / factor[i]![i]!;
      }
      return y.reduce((sum, value) => sum + value * value, 0);
    });
    return Math.min(...squares);
  });
}

/** What float32 products of a GPU do not reach, but float64 on the processor does. */
const ONLY_FLOAT64 = ['classes 1e6 deviations apart', 'a first row far out'];

interface Rows {
  /** Added to every number. */
  offset?: number;
  /** Distance of class means, in deviations of a class. */
  apart?: number;
  /** Part that each feature has of the one before it. */
  chain?: number;
  /** Deviation of every third feature; the others have 1. */
  narrow?: number;
  /** Rows sorted by class: blocks of one class only. */
  sorted?: boolean;
  /** The first row of each class is this far out. */
  outlier?: number;
  classes?: number;
  size?: number;
  blockRows?: number;
}

function draw(count: number, seed: number, options: Rows) {
  const { offset = 0, apart = 3, chain = 0, narrow = 1, sorted = false, outlier = 0, classes = 5, size = 50 } = options;
  const random = seededRandom(seed);
  const labels = Int32Array.from({ length: count }, (_, row) =>
    sorted ? Math.floor((row * classes) / count) : row % classes,
  );
  const data = new Float32Array(count * size);
  const seen = new Set<number>();
  for (let row = 0; row < count; row++) {
    const first = !seen.has(labels[row]!);
    seen.add(labels[row]!);
    let before = 0;
    for (let i = 0; i < size; i++) {
      before = chain * before + random.normal();
      const place = i % classes === labels[row] ? apart : 0;
      data[row * size + i] = (before + place + (first ? outlier : 0)) * (i % 3 === 0 ? narrow : 1) + offset;
    }
  }
  return { data, labels };
}

const cases: Record<string, Rows> = {
  'about the origin': {},
  'far from the origin': { offset: 1e4 },
  'very far from the origin': { offset: 3e6, apart: 20, narrow: 2 },
  'classes 1e4 deviations apart': { apart: 1e4 },
  'classes 1e6 deviations apart': { apart: 1e6 },
  'classes apart and far from the origin': { apart: 1e4, offset: 1e4 },
  'columns that are nearly constant': { narrow: 1e-6 },
  'columns that are nearly constant far from the origin': { narrow: 0.003, offset: 1e4 },
  'columns of very different size': { narrow: 1e12 },
  'features that hang together': { chain: 1 },
  'features that hang together, apart and far': { chain: 1, apart: 1e3, offset: 1e4 },
  'sorted by class': { sorted: true, apart: 1e4, offset: 1e4 },
  'a first row far out': { outlier: 1e4 },
  'one class': { classes: 1, offset: 1e4 },
  'many classes': { classes: 60, size: 66, apart: 100 },
  'odd sizes': { size: 53, classes: 7, blockRows: 77 },
};

onEachBackend('Mahalanobis distances by definition, to 1e-5', (backend) => {
  describe.each(Object.entries(cases))('%s', (name, options) => {
    const exact = backend === 'cpu' || backend === 'wasm';
    test.skipIf(!exact && ONLY_FLOAT64.includes(name))('of each row', async () => {
      const { size = 50, blockRows = 400 } = options;
      const [train, strange] = [draw(1500, 1, options), draw(90, 2, options)];
      // Half of them do not belong to the classes, but for columns that are too narrow to show it.
      if (!options.narrow) for (let at = 0; at < strange.data.length / 2; at++) strange.data[at]! += at % 7;
      // One is in the middle of all classes, where no class is.
      if (options.classes !== 1) {
        const middle = new Float64Array(size);
        train.data.forEach((value, at) => (middle[at % size]! += value / 1500));
        strange.data.set(middle, 89 * size);
      }
      const blocks = Array.from({ length: Math.ceil(1500 / blockRows) }, (_, b) => {
        const [from, to] = [b * blockRows, Math.min((b + 1) * blockRows, 1500)];
        const features = {
          data: train.data.subarray(from * size, to * size),
          shape: [to - from, size] as const,
        };
        return { features, labels: train.labels.subarray(from, to) };
      });
      const scorer = await mahalanobis({ covariance: 'empirical' }).fit(blocks, {});
      const scores = await scorer.score({ features: { data: strange.data, shape: [90, size] } });
      scorer.dispose();
      const wanted = byDefinition(train.data, train.labels, strange.data, size);
      expectClose(scores, wanted, { relative: 1e-5, absolute: 0 });
      expect(wanted.every((value) => value > 1)).toBe(true);
    });
  });
});
