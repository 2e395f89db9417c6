import * as tf from '@tensorflow/tfjs-core';
import { checkBatchRows } from '../tensors/batch-rows';

/** Below this distance the gradient of a distance shrinks with it, down to 0 at 0; half-float webgl still holds it. */
export const DISTANCE_FLOOR = 1e-3;

/** Numbers in the largest temporary of the pairwise differences: 4 MB. */
const BLOCK_SIZE = 0x100000;

/** Square roots whose gradient is finite at 0 (that of `tf.sqrt` is infinite, and times 0 NaN). NaN stays NaN. */
export function rootOfSquares(squares: tf.Tensor): tf.Tensor {
  const root = tf.customGrad((x, save) => {
    const value = tf.sqrt(tf.cast(x as tf.Tensor, 'float32')); // of whole numbers, too
    (save as tf.GradSaveFunc)([value]);
    const gradFunc = (dy: tf.Tensor, [distances]: tf.Tensor[]) =>
      tf.div(dy, tf.mul(2, tf.maximum(distances!, DISTANCE_FLOOR)));
    return { value, gradFunc };
  });
  return root(squares);
}

/** What a kernel that only `tfjs-ood/wasm` has makes, where it is registered for the backend in use. */
export const ownKernel = (
  name: 'PairDifferences' | 'HingeTriplets',
  inputs: Readonly<Record<string, tf.Tensor | undefined>>,
  attrs?: tf.NamedAttrMap,
) =>
  ((tf.getKernel(name, tf.getBackend()) as unknown) &&
    tf.engine().runKernel(name, inputs as tf.NamedTensorMap, attrs)) as tf.Tensor | tf.Tensor[] | undefined;

/**
 * Squared distances [B, C] of rows x [B, D] and columns c [C, D]; with weights h [B, C] the sums over j of
 * h_ij (x_i - c_j) [B, D], half the gradient of squared distances. Sums of differences: two sums, subtracted, would
 * leave their rounding in place of the 0 of equal rows, times 500 for a distance. By our own kernel where there is one,
 * else a block of rows at a time, so that [B, C, D] never stands in memory.
 */
export function byDifferences(x: tf.Tensor2D, columns: tf.Tensor2D, weights?: tf.Tensor2D): tf.Tensor2D {
  const own = ownKernel('PairDifferences', { x, y: columns, h: weights }) as tf.Tensor2D | undefined;
  if (own) return own;
  const rows = x.shape[0];
  const blockRows = Math.ceil(BLOCK_SIZE / columns.size);
  const blocks: tf.Tensor2D[] = [];
  for (let start = 0; start < rows; start += blockRows) {
    const block = (whole: tf.Tensor2D) => tf.expandDims(tf.slice(whole, start, Math.min(blockRows, rows - start)), 1);
    blocks.push(
      tf.tidy(() => {
        const differences = tf.sub(block(x), columns);
        return weights ? tf.squeeze(tf.matMul(block(weights), differences), [1]) : tf.sum(tf.square(differences), 2);
      }),
    );
  }
  return tf.concat(blocks);
}

/** Squared distances [B, B] between all rows [B, D], 0 on the diagonal, with a gradient. */
export function squaresOf(embeddings: tf.Tensor2D): tf.Tensor2D {
  const squares = tf.customGrad((x, save) => {
    (save as tf.GradSaveFunc)([x as tf.Tensor]);
    return {
      value: byDifferences(x as tf.Tensor2D, x as tf.Tensor2D),
      gradFunc: (dy: tf.Tensor, [rows]: tf.Tensor[]) =>
        byDifferences(rows as tf.Tensor2D, rows as tf.Tensor2D, tf.mul<tf.Tensor2D>(2, tf.add(dy, tf.transpose(dy)))),
    };
  });
  return squares(embeddings);
}

/**
 * Squared Euclidean distances between all rows, from their differences: exact far from the origin too, where
 * |a|^2 + |b|^2 - 2ab loses everything in float32. Takes [B, B] numbers of memory, not [B, B, D].
 *
 * @param embeddings [B, D]
 * @returns [B, B], differentiable on every backend; 0 on the diagonal
 * @throws ShapeError unless `embeddings` is [B, D]
 * @example
 * pairwiseSquaredDistances(tf.tensor2d([[0, 0], [3, 4]])); // [[0, 25], [25, 0]]
 */
export function pairwiseSquaredDistances(embeddings: tf.Tensor2D): tf.Tensor2D {
  checkBatchRows('pairwiseSquaredDistances', embeddings, 'embeddings', '');
  return tf.tidy(() => squaresOf(embeddings));
}

/**
 * Euclidean distances between all rows, with a gradient that is finite everywhere: for two equal rows it is 0.
 *
 * @param embeddings [B, D]
 * @returns [B, B], differentiable on every backend; 0 on the diagonal
 * @throws ShapeError unless `embeddings` is [B, D]
 * @example
 * pairwiseDistances(tf.tensor2d([[0, 0], [3, 4]])); // [[0, 5], [5, 0]]
 */
export function pairwiseDistances(embeddings: tf.Tensor2D): tf.Tensor2D {
  checkBatchRows('pairwiseDistances', embeddings, 'embeddings', '');
  return tf.tidy(() => rootOfSquares(squaresOf(embeddings)) as tf.Tensor2D);
}
