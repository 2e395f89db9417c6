import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../../core/errors';
import type { Means } from '../../embeddings/class-means';
import { unitRows } from '../../linalg/unit-rows';
import { oneBackend } from '../../tensors/one-backend';
import { withMoreMeans, type MeanArrays } from '../contract/class-mean-arrays';
import { readRows, type Rows } from '../contract/rows';
import type { Batch, Scorer } from '../contract/scorer';
import { centerMeans } from './centered-means';
import { nearestMeanDistance } from './nearest-mean-distance';
import { nearestMeans } from './nearest-means';
import { isZeroRow, meansOfUnitLength, rowsOfUnitLength } from './unit-length-rows';

const WHERE = 'nearestClassMean';
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

/** Scores by means that are there; copies them. Those of the cosine distance may have any length but 0. */
export function classMeanRows(given: MeanArrays, { distance, blockSize }: ClassMeanSettings, checkInUse: () => void) {
  const isCosine = distance === 'cosine';
  const { labels: classesOf, means: data } = given;
  const all: Means = { labels: classesOf, data, shape: [classesOf.length, data.length / classesOf.length] };
  const centered = centerMeans(isCosine ? meansOfUnitLength(WHERE, all) : all);
  const { classes, size, labels } = centered;
  const columns = Float32Array.from(
    centered.centered,
    (_, i) => centered.centered[(i % classes) * size + Math.floor(i / classes)]!,
  );
  const checkBackend = oneBackend();
  const onBackend = [
    // A column for each mean: products with a transpose are slow on wasm
    tf.keep(tf.tensor2d(columns, [size, classes])),
    tf.keep(tf.tensor2d(Float32Array.from(centered.halfNorms), [1, classes])),
  ] as const;
  let onTensors: ReturnType<typeof nearestMeanDistance> | undefined; // made when first needed, for its C x C table

  const classifyRows = async (rows: Rows) => {
    checkBackend(WHERE);
    const compared = isCosine ? rowsOfUnitLength(rows) : rows;
    const { indices, distances } = await nearestMeans(WHERE, centered, onBackend, compared.data, blockSize);
    // Of unit vectors the squared distance is 2 - 2 cos.
    const scores = isCosine
      ? distances.map((square, row) => (isZeroRow(compared, row) ? 1 : Math.min(2, square / 2)))
      : distances;
    return { labels: indices.map((index) => labels[index]!), scores };
  };
  return {
    largestScore: isCosine ? 2 : undefined,
    scoresOf: async ({ features }: { features: Rows }) => (await classifyRows(features)).scores,
    takeIn: (rows: Rows, added: ArrayLike<number>) =>
      withMoreMeans(given, isCosine ? rowsOfUnitLength(rows) : rows, added),
    dispose: () => tf.dispose([...onBackend, ...(onTensors?.tensors ?? [])]),
    more: {
      async classify(batch: Batch<'features'>) {
        checkInUse();
        return classifyRows(await readRows(WHERE, 'features', batch, size));
      },
      scoreTensor(features: tf.Tensor2D) {
        checkInUse();
        checkBackend(WHERE);
        if (features.shape.length !== 2 || features.shape[1] !== size) {
          throw new ShapeError(WHERE, 'features', `[N, ${size}]`, features.shape);
        }
        const { distance: toNearest } = (onTensors ??= nearestMeanDistance(centered, onBackend));
        if (!isCosine) return toNearest(features);
        return tf.tidy(() => {
          const unit = unitRows(features);
          const squares = tf.sum<tf.Tensor1D>(tf.square(unit), 1); // 1, and 0 of a zero row, whose cosine distance is 1
          return tf.mul<tf.Tensor1D>(0.5, tf.add(toNearest(unit), tf.sub(1, squares)));
        });
      },
    },
  };
}
