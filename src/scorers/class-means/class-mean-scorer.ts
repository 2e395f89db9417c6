import * as tf from '@tensorflow/tfjs-core';
import { ClassMeans, type Means } from '../../embeddings/class-means';
import { checkFinite, readEmbeddings, type Embeddings } from '../../tensors/embeddings';
import { ArgumentError, ShapeError } from '../../core/errors';
import { oneBackend } from '../../tensors/one-backend';
import { centerMeans } from './centered-means';
import { nearestMeanDistance } from './nearest-mean-distance';
import { nearestMeans, type NearestMeans } from './nearest-means';

/** Squared distance to the nearest class mean, and that class; see {@link classMeanScorer}. */
export interface ClassMeanScorer {
  readonly kind: 'class-mean';
  /** What it must be given. */
  readonly needs: readonly ['features'];
  /** OoD score of each row [N]: higher = more out of distribution. */
  score(embeddings: Embeddings): Promise<Float32Array>;
  /** Nearest class and OoD score of each row [N]. */
  classify(embeddings: Embeddings): Promise<{ labels: Int32Array; scores: Float32Array }>;
  /** OoD score [N] as a tensor, float32 and all rows at once, with a gradient; NaN stays NaN. The caller owns it. */
  scoreTensor(embeddings: tf.Tensor2D): tf.Tensor1D;
  /** Frees the means on the backend. */
  dispose(): void;
}

/**
 * Scores by the squared Euclidean distance to the nearest class mean; the nearest class is the prediction.
 *
 * s(x) = min over c of ||x - m_c||^2. `score` and `classify` are exact to float32 rounding on every backend, near a mean and far
 * from the origin; O(N C D) time on the backend, memory of one block. `scoreTensor` keeps a C x C table.
 *
 * Source: Masana et al., BMVC 2018, section 3.1.
 *
 * @param source a store, or its means: labels [C], data [C, D]; copied
 * @param options `blockSize`: rows that go through the backend at once, default 4096; changes no result
 * @throws ArgumentError for a store without samples, a label below 0 or a block size that is no whole number from 1
 * @throws ShapeError where the embeddings have another D; NotFiniteError for a NaN or infinity, naming its row
 * @example
 * const scorer = classMeanScorer({ labels: Int32Array.of(0, 1), data: Float64Array.of(0, 0, 10, 0), shape: [2, 2] });
 * await scorer.score({ data: Float32Array.of(1, 2), shape: [1, 2] }); // Float32Array [5]
 */
export function classMeanScorer(
  source: ClassMeans | Means,
  { blockSize = 4096 }: { blockSize?: number } = {},
): ClassMeanScorer {
  const where = 'classMeanScorer';
  if (!(Number.isInteger(blockSize) && blockSize >= 1)) {
    const [what, expected] = ['blockSize', 'a whole number from 1'];
    throw new ArgumentError({ where, what, expected, received: String(blockSize) });
  }
  const means = centerMeans(where, source instanceof ClassMeans ? source.means() : source);
  const { classes, size, labels } = means;
  const columns = Float32Array.from(
    means.centered,
    (_, i) => means.centered[(i % classes) * size + Math.floor(i / classes)]!,
  );
  const checkBackend = oneBackend();
  const onBackend = [
    tf.keep(tf.tensor2d(columns, [size, classes])), // a column for each mean: products with a transpose are slow on wasm
    tf.keep(tf.tensor2d(Float32Array.from(means.halfNorms), [1, classes])),
  ] as const;
  let onTensors: ReturnType<typeof nearestMeanDistance> | undefined; // made when first needed, for its C x C table
  let disposed = false;

  const check = (columns: number): void => {
    if (disposed) {
      const [what, expected, received] = ['scorer', 'one that is in use', 'one after dispose()'];
      throw new ArgumentError({ where, what, expected, received });
    }
    checkBackend(where);
    if (columns === size) return;
    const expected = `[N, ${size}], as the class means`;
    throw new ShapeError({ where, what: 'embeddings', expected, received: `[N, ${columns}]` });
  };
  const nearest = async (embeddings: Embeddings): Promise<NearestMeans> => {
    const { data, shape } = await readEmbeddings(where, embeddings);
    check(shape[1]);
    checkFinite(where, data, size);
    return nearestMeans(where, means, onBackend, data, blockSize);
  };

  return {
    kind: 'class-mean',
    needs: ['features'],
    score: async (embeddings) => (await nearest(embeddings)).distances,
    async classify(embeddings) {
      const { indices, distances } = await nearest(embeddings);
      return { labels: indices.map((index) => labels[index]!), scores: distances };
    },
    scoreTensor(embeddings) {
      if (embeddings.rank !== 2) {
        const received = `[${(embeddings as tf.Tensor).shape.join(', ')}]`;
        throw new ShapeError({ where, what: 'embeddings', expected: '[N, D]', received });
      }
      check(embeddings.shape[1]);
      onTensors ??= nearestMeanDistance(means, onBackend);
      return onTensors.distance(embeddings);
    },
    dispose() {
      disposed = true;
      tf.dispose([...onBackend, ...(onTensors?.tensors ?? [])]);
    },
  };
}
