import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../../core/errors';
import type { Means } from '../../embeddings/class-means';
import { unitRows } from '../../linalg/unit-rows';
import { oneBackend } from '../../tensors/one-backend';
import { finiteScores } from '../contract/finite-scores';
import { inUse } from '../contract/in-use';
import { readRows, type Rows } from '../contract/rows';
import type { Batch, Scorer } from '../contract/scorer';
import { centerMeans } from './centered-means';
import { withMoreMeans } from '../contract/with-more-means';
import { nearestMeanDistance } from './nearest-mean-distance';
import { nearestMeans } from './nearest-means';
import { isZeroRow, meansOfUnitLength, rowsOfUnitLength } from './unit-length-rows';

export const CLASS_MEAN_WHERE = 'nearestClassMean';
export const CLASS_MEAN_KIND = 'nearest-class-mean';
export const CLASS_MEAN_DISTANCES = ['euclidean', 'cosine'] as const;
export type ClassMeanDistance = (typeof CLASS_MEAN_DISTANCES)[number];

/** Distance to the nearest class mean, and that class; see `nearestClassMean`. */
export interface ClassMeanScorer extends Scorer<'features'> {
  /**
   * Nearest class (the label of its mean) and OoD score of each row [N]. Where float32 does not hold a distance the
   * score is infinite, and the class right all the same; `score` throws there.
   */
  classify(batch: Batch<'features'>): Promise<{ labels: Int32Array; scores: Float32Array }>;
  /** OoD score [N] as a tensor, float32 and all rows at once, with a gradient; NaN stays NaN. The caller owns it. */
  scoreTensor(features: tf.Tensor2D): tf.Tensor1D;
}

/** How rows are compared with means, and how many go through the backend at once. */
export interface ClassMeanSettings {
  distance: ClassMeanDistance;
  blockSize: number;
}

/** The scorer of means that are there; copies them. `means` of the cosine distance may have any length but 0. */
export function classMeanScorer(means: Means, settings: ClassMeanSettings): ClassMeanScorer {
  const isCosine = settings.distance === 'cosine';
  const centered = centerMeans(CLASS_MEAN_WHERE, isCosine ? meansOfUnitLength(CLASS_MEAN_WHERE, means) : means);
  const { classes, size, labels } = centered;
  const columns = Float32Array.from(
    centered.centered,
    (_, i) => centered.centered[(i % classes) * size + Math.floor(i / classes)]!,
  );
  const own: Means = { labels, data: means.data.slice(), shape: [classes, size] };
  const guard = inUse(CLASS_MEAN_WHERE);
  const checkBackend = oneBackend();
  const onBackend = [
    // A column for each mean: products with a transpose are slow on wasm
    tf.keep(tf.tensor2d(columns, [size, classes])),
    tf.keep(tf.tensor2d(Float32Array.from(centered.halfNorms), [1, classes])),
  ] as const;
  let onTensors: ReturnType<typeof nearestMeanDistance> | undefined; // made when first needed, for its C x C table
  const end = () => {
    guard.end();
    tf.dispose([...onBackend, ...(onTensors?.tensors ?? [])]);
  };
  const checkWidth = (shape: readonly number[]): void => {
    if (shape.length === 2 && shape[1] === size) return;
    const [expected, received] =
      shape.length === 2
        ? [`[N, ${size}], as the class means`, `[N, ${shape[1]}]`]
        : ['[N, D]', `[${shape.join(', ')}]`];
    throw new ShapeError(CLASS_MEAN_WHERE, 'features', expected, received);
  };
  const read = async (batch: Batch<'features'>): Promise<Rows> => {
    guard.check();
    const rows = await readRows(CLASS_MEAN_WHERE, 'features', batch);
    checkBackend(CLASS_MEAN_WHERE);
    checkWidth(rows.shape);
    return rows;
  };
  const classify = async (batch: Batch<'features'>) => {
    const rows = await read(batch);
    const compared = isCosine ? rowsOfUnitLength(rows) : rows;
    const { indices, distances } = await nearestMeans(
      CLASS_MEAN_WHERE,
      centered,
      onBackend,
      compared.data,
      settings.blockSize,
    );
    // Of unit vectors the squared distance is 2 - 2 cos.
    const scores = isCosine
      ? distances.map((square, row) => (isZeroRow(compared, row) ? 1 : Math.min(2, square / 2)))
      : distances;
    return { labels: indices.map((index) => labels[index]!), scores };
  };

  return {
    kind: CLASS_MEAN_KIND,
    needs: ['features'],
    largestScore: isCosine ? 2 : undefined,
    score: async (batch) => finiteScores(CLASS_MEAN_WHERE, (await classify(batch)).scores),
    classify,
    scoreTensor(features) {
      guard.check();
      checkBackend(CLASS_MEAN_WHERE);
      checkWidth(features.shape);
      const { distance } = (onTensors ??= nearestMeanDistance(centered, onBackend));
      if (!isCosine) return distance(features);
      return tf.tidy(() => {
        const unit = unitRows(features);
        const squares = tf.sum<tf.Tensor1D>(tf.square(unit), 1); // 1, and 0 of a zero row, whose cosine distance is 1
        return tf.mul<tf.Tensor1D>(0.5, tf.add(distance(unit), tf.sub(1, squares)));
      });
    },
    async takeIn(block) {
      const rows = await read(block);
      const all = await withMoreMeans(own, isCosine ? rowsOfUnitLength(rows) : rows, block.labels);
      const next = classMeanScorer(all, settings);
      end();
      return next;
    },
    state: () => ({
      kind: CLASS_MEAN_KIND,
      options: { distance: settings.distance },
      tensors: {
        labels: { dtype: 'I32', shape: [classes], data: own.labels },
        means: { dtype: 'F64', shape: own.shape, data: own.data },
      },
    }),
    dispose: end,
  };
}
