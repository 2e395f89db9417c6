import * as tf from '@tensorflow/tfjs-core';
import { rowsInPart } from '../../tensors/backend-room';
import { failedKernel, product } from '../../linalg/checked-product';
import type { CenteredMeans } from './centered-means';
import { isHalf, roundingUnit } from '../../tensors/precision';

/** For each row the index of its nearest mean, and the squared distance to that, in float64 rounded to float32. */
export interface NearestMeans {
  indices: Int32Array;
  distances: Float32Array;
}

/**
 * Nearest mean of every row, exact to float64, at the speed of a float32 matrix product.
 *
 * The backend finds the best of all x m - ||m||^2 / 2 and counts the means that are as good within its rounding error.
 * One float64 distance then settles a row; only a row with a near-tie is compared with every mean. So backend,
 * precision and block size have no say in the result, up to float64 rounding; of two equally near means the first is
 * taken.
 */
export async function nearestMeans(
  where: string,
  source: CenteredMeans,
  [meanColumns, halfNorms]: readonly [tf.Tensor2D, tf.Tensor2D],
  rows: Float32Array,
  blockSize: number,
): Promise<NearestMeans> {
  const { size, center } = source;
  const count = rows.length / size;
  const found = { indices: new Int32Array(count), distances: new Float32Array(count) };
  // Every block has the same size (kernels are compiled and cached by shape); what is left over in the last one is not
  // read.
  const blockRows = rowsInPart(Math.min(blockSize, count), source.classes);
  const block = new Float32Array(blockRows * size);
  const slack = new Float32Array(blockRows);
  const squares = new Float64Array(blockRows);
  const slackOf = slackFor(source);
  for (let first = 0; first < count; first += blockRows) {
    const last = Math.min(first + blockRows, count);
    for (let row = first; row < last; row++) {
      let square = 0;
      for (let i = 0; i < size; i++) {
        const value = rows[row * size + i]! - center[i]!;
        square += value * value;
        block[(row - first) * size + i] = value;
      }
      slack[row - first] = slackOf(Math.sqrt(square));
      squares[row - first] = square;
    }
    const [best, candidates, value] = tf.tidy(() => {
      const closeness = tf.sub(product(tf.tensor2d(block, [blockRows, size]), meanColumns), halfNorms);
      const most = tf.max(closeness, 1, true);
      const least = tf.sub(most, tf.tensor2d(slack, [blockRows, 1]));
      const close = tf.cast(tf.greaterEqual(closeness, least), 'int32');
      return [tf.argMax<tf.Tensor1D>(closeness, 1), tf.sum<tf.Tensor1D>(close, 1), most] as const;
    });
    try {
      const [indices, counts, values] = await Promise.all([best.data(), candidates.data(), value.data()]);
      for (let row = first; row < last; row++) {
        const chosen = counts[row - first] === 1;
        const index = chosen ? indices[row - first]! : nearestOf(source, rows, row);
        const distance = squaredDistance(source, rows, row, index, Infinity);
        // What chose must be what was asked for: a kernel that failed leaves numbers of another place.
        const square = squares[row - first]!;
        const expected = (square - distance) / 2;
        const value = values[row - first]!;
        const within = slack[row - first]! + 2 ** -50 * (size + 8) * square; // of float64 too, far outside the means
        if (chosen && !(Math.abs(value - expected) <= within)) throw failedKernel(where, value, expected);
        found.indices[row] = index;
        found.distances[row] = distance;
      }
    } finally {
      tf.dispose([best, candidates, value]);
    }
  }
  return found;
}

/**
 * How far apart two values of x m - ||m||^2 / 2 can come out by rounding alone: 2 (D + 8) u (||x|| ||m|| +
 * ||m||^2 / 2), for any order of summation (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1), twice
 * that for GPUs. Where the backend's range could be left it is infinite, and the row is settled in float64.
 */
function slackFor({ size, halfNorms }: CenteredMeans): (norm: number) => number {
  const half = isHalf();
  const [unit, largest] = [roundingUnit(), half ? 2 ** 14 : 2 ** 126];
  const halfNorm = halfNorms.reduce((a, b) => Math.max(a, b));
  return (norm) => {
    const scale = norm * Math.sqrt(2 * halfNorm) + halfNorm;
    return scale < largest && norm < largest ? 4 * (size + 8) * unit * scale + (half ? 2 ** -10 : 2 ** -100) : Infinity;
  };
}

/** Index of the nearest mean of one row by float64 distances. */
function nearestOf(source: CenteredMeans, rows: Float32Array, row: number): number {
  let [index, least] = [0, Infinity];
  for (let c = 0; c < source.classes; c++) {
    const distance = squaredDistance(source, rows, row, c, least);
    if (distance < least) [index, least] = [c, distance];
  }
  return index;
}

/** ||x - m_c||^2; stops once it has reached `enough`. */
function squaredDistance(
  { means, size }: CenteredMeans,
  rows: Float32Array,
  row: number,
  c: number,
  enough: number,
): number {
  const [x, m] = [row * size, c * size];
  let sum = 0;
  for (let i = 0; i < size && sum < enough; i++) {
    const difference = rows[x + i]! - means[m + i]!;
    sum += difference * difference;
  }
  return sum;
}
