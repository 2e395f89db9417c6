import * as tf from '@tensorflow/tfjs-core';
import { ClassMeans, type Means } from '../embeddings/class-means';
import { checkFinite, readEmbeddings, type Embeddings } from '../embeddings/embeddings';
import { ArgumentError, ShapeError } from '../errors';

/** Squared distance to the nearest class mean, and that class; see {@link classMeanScorer}. */
export interface ClassMeanScorer {
  readonly kind: 'class-mean';
  /** What it must be given. */
  readonly needs: readonly ['features'];
  /** OoD score of each row [N]: higher = more out of distribution. */
  score(embeddings: Embeddings): Promise<Float32Array>;
  /** Nearest class and OoD score of each row [N]. */
  classify(embeddings: Embeddings): Promise<{ labels: Int32Array; scores: Float32Array }>;
  /** OoD score [N] as a tensor, all rows at once; NaN stays NaN. The caller owns it. */
  scoreTensor(embeddings: tf.Tensor2D): tf.Tensor1D;
  /** Frees the means on the backend. */
  dispose(): void;
}

/**
 * Scores by the squared Euclidean distance to the nearest class mean; the nearest class is the prediction.
 *
 * s(x) = min over c of ||x - m_c||^2. The nearest mean is found by a matrix product of what is centred on the mean of the
 * means, so that far from the origin nothing is lost; its distance is then taken from the differences, so that a small one is
 * as exact as a large one. O(N C D) time, memory of one block.
 *
 * Source: Masana et al., BMVC 2018, section 3.1.
 *
 * @param source a store, or its means: labels [C], data [C, D]
 * @param options `blockSize`: rows that go through the backend at once, default 4096
 * @throws ArgumentError for a store without samples or a block size that is no whole number from 1
 * @example
 * const scorer = classMeanScorer({ labels: Int32Array.of(0, 1), data: Float64Array.of(0, 0, 10, 0), shape: [2, 2] });
 * await scorer.score({ data: Float32Array.of(1, 2), shape: [1, 2] }); // Float32Array [5]
 */
export function classMeanScorer(
  source: ClassMeans | Means,
  { blockSize = 4096 }: { blockSize?: number } = {},
): ClassMeanScorer {
  if (!(Number.isInteger(blockSize) && blockSize >= 1)) {
    const [what, expected] = ['blockSize', 'a whole number from 1'];
    throw new ArgumentError({ where: 'classMeanScorer', what, expected, received: String(blockSize) });
  }
  const { labels, data, shape } = source instanceof ClassMeans ? source.means() : source;
  const [classes, size] = shape;
  if (labels.length !== classes || data.length !== classes * size || classes < 1) {
    const received = `${labels.length} labels and ${data.length} numbers for [${classes}, ${size}]`;
    throw new ShapeError({ where: 'classMeanScorer', what: 'means', expected: 'labels [C], data [C, D]', received });
  }
  checkFinite('classMeanScorer', data, size);

  const centre = new Float64Array(size);
  data.forEach((value, i) => (centre[i % size]! += value / classes));
  centre.forEach((value, i) => (centre[i] = Math.fround(value))); // the same number in float64 and on the backend
  const centred = data.map((value, i) => value - centre[i % size]!);
  // Row means, and half their squared norms: argmin ||x - m||^2 = argmax x m - ||m||^2 / 2.
  const halfNorms = Float32Array.from({ length: classes }, (_, c) => {
    let sum = 0;
    for (let i = 0; i < size; i++) sum += centred[c * size + i]! ** 2;
    return sum / 2;
  });
  const meanRows = tf.keep(tf.tensor2d(Float32Array.from(centred), [classes, size]));
  const penalty = tf.keep(tf.tensor2d(halfNorms, [1, classes]));
  const centreRow = tf.keep(tf.tensor2d(Float32Array.from(centre), [1, size]));

  const nearest = (centredRows: tf.Tensor2D): { index: tf.Tensor1D; distance: tf.Tensor1D } => {
    const index: tf.Tensor1D = tf.argMax(tf.sub(tf.matMul(centredRows, meanRows, false, true), penalty), 1);
    const own = tf.gather(meanRows, index);
    return { index, distance: tf.sum(tf.square(tf.sub(centredRows, own)), 1) };
  };
  const checkSize = (columns: number): void => {
    if (columns === size) return;
    const expected = `[N, ${size}], as the class means`;
    throw new ShapeError({ where: 'classMeanScorer', what: 'embeddings', expected, received: `[N, ${columns}]` });
  };

  const classify = async (embeddings: Embeddings): Promise<{ labels: Int32Array; scores: Float32Array }> => {
    const { data: rows, shape: rowShape } = await readEmbeddings('classMeanScorer', embeddings);
    checkSize(rowShape[1]);
    checkFinite('classMeanScorer', rows, size);
    const found = { labels: new Int32Array(rowShape[0]), scores: new Float32Array(rowShape[0]) };
    const count = Math.min(blockSize, rowShape[0]);
    const block = new Float32Array(count * size);
    for (let start = 0; start < rowShape[0]; start += count) {
      const end = Math.min(start + count, rowShape[0]);
      // Centred in float64; every block has the same size, the last one is filled up with what was there.
      for (let i = start * size; i < end * size; i++) block[i - start * size] = rows[i]! - centre[i % size]!;
      const { index, distance } = tf.tidy(() => nearest(tf.tensor2d(block, [count, size])));
      try {
        const [indices, distances] = await Promise.all([index.data(), distance.data()]);
        found.scores.set(distances.subarray(0, end - start), start);
        for (let i = start; i < end; i++) found.labels[i] = labels[indices[i - start]!]!;
      } finally {
        tf.dispose([index, distance]);
      }
    }
    return found;
  };

  return {
    kind: 'class-mean',
    needs: ['features'],
    classify,
    score: async (embeddings) => (await classify(embeddings)).scores,
    scoreTensor(embeddings) {
      checkSize(embeddings.shape[1]);
      return tf.tidy(() => nearest(tf.sub(embeddings, centreRow)).distance);
    },
    dispose: () => tf.dispose([meanRows, penalty, centreRow]),
  };
}
