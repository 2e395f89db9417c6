import { Matrix, pseudoInverse } from 'ml-matrix';
import { traceOf } from '../../linalg/trace';
import { ArgumentError, FormatError } from '../../core/errors';
import type { NamedArray } from '../../core/safetensors';
import { checkedHead } from '../contract/checked-head';
import { COUNT, type NumberRule } from '../../core/check';
import { rowProducts } from '../../linalg/row-products';
import { readRows } from '../contract/rows';
import type { Blocks, FitProgress, Head, PartsFor, ScorerState } from '../contract/scorer';
import { tensorOf } from '../contract/scorer-state';
import { secondMoments } from '../../linalg/second-moments';
import { symmetricEigen } from '../../linalg/symmetric-eigen';
import { agreeingBlocks } from '../contract/agreeing-blocks';

/** What the training features leave over: the directions [D, D - k] of least spread about an origin [D]. */
export interface ResidualSpace {
  basis: Float64Array;
  origin: Float64Array;
  shape: readonly [size: number, left: number];
}

export const DIMENSION: NumberRule = { expected: 'a whole number from 0', holds: (v) => v === 0 || COUNT.holds(v) };

/** The official rule: 1000 of 2048 and more features, 512 of 768 and more, else half of them. */
const usualDimension = (size: number): number => (size >= 2048 ? 1000 : size >= 768 ? 512 : Math.floor(size / 2));

/** Where the head's logits are nearest to 0: -(W^T)^+ b for logits W^T x + b. */
function originOf({ weights, bias, shape: [size, classes] }: Head): Float64Array {
  const transposed = new Matrix(classes, size);
  weights.forEach((value, i) => transposed.set(i % classes, Math.floor(i / classes), value));
  const inverse = pseudoInverse(transposed); // [D, C]
  return Float64Array.from({ length: size }, (_, i) =>
    bias.reduce((sum, value, c) => sum - inverse.get(i, c) * value, 0),
  );
}

/** Goes through the blocks once. `onRows` sees them too. */
export async function fitResidualSpace(
  where: string,
  blocks: Blocks<'features' | 'head'>,
  parts: FitProgress & PartsFor<'head'>,
  { dimension, blockSize }: { dimension?: number | undefined; blockSize: number },
  onRows?: (rows: Float32Array, head: Head) => void,
): Promise<{ head: Head; space: ResidualSpace; spread: number }> {
  const head = checkedHead(where, parts);
  const size = head.shape[0];
  const kept = dimension ?? usualDimension(size);
  if (kept >= size) {
    throw new ArgumentError(where, 'dimension', `below the number of features, ${size}`, kept);
  }
  const moments = secondMoments(size, blockSize);
  for await (const block of agreeingBlocks(where, head, blocks)) {
    const { data } = await readRows(where, 'features', block, size);
    await moments.add(data);
    onRows?.(data, head);
    parts.onProgress?.(moments.count);
  }
  if (moments.count === 0) {
    throw new ArgumentError(where, 'blocks', 'at least one row', 'no row');
  }
  const origin = originOf(head);
  const about = moments.about(origin);
  const { order, vector, rank } = eigen(about, size);
  if (kept > Math.min(rank, moments.count)) {
    const received = `${kept}, where the rank is ${Math.min(rank, moments.count)}`;
    throw new ArgumentError(where, 'dimension', 'at most the rank of the training features', received);
  }
  const left = order.slice(kept);
  const basis = Float64Array.from({ length: size * left.length }, (_, at) =>
    vector(Math.floor(at / left.length), left[at % left.length]!),
  );
  const space: ResidualSpace = { basis, origin, shape: [size, left.length] };
  // Of equal rows all that float64 leaves of their distance from the origin is rounding.
  const spread = Math.sqrt(Math.max(0, moments.variance(), 1e-12 * traceOf(about, size)));
  return { head, space, spread };
}

/** Eigenvectors by falling eigenvalue, and how many of these are more than rounding. */
function eigen(moments: Float64Array, size: number) {
  const { values, vector } = symmetricEigen(moments, size);
  const order = Array.from(values, (_, i) => i).sort((a, b) => values[b]! - values[a]!);
  const least = size * 2 ** -52 * values[order[0]!]!;
  return { order, vector, rank: values.filter((value) => value > least).length };
}

/** ||V^T (x - o)|| of rows: how far they are from the principal subspace. */
export function residualNorms(where: string, { basis, origin, shape }: ResidualSpace, blockSize: number) {
  const [size, left] = shape;
  const products = rowProducts(where, basis, shape, blockSize);
  const ofOrigin = new Float64Array(left);
  for (let i = 0; i < size; i++) for (let c = 0; c < left; c++) ofOrigin[c]! += origin[i]! * basis[i * left + c]!;
  return {
    async of(rows: Float32Array): Promise<Float64Array> {
      const parts = await products.of(rows);
      return Float64Array.from({ length: rows.length / size }, (_, row) => {
        let square = 0;
        for (let c = 0; c < left; c++) square += (parts[row * left + c]! - ofOrigin[c]!) ** 2;
        return Math.sqrt(square);
      });
    },
    dispose: () => products.dispose(),
  };
}

/** The space as tensors of a state. */
export function spaceTensors({ basis, origin, shape }: ResidualSpace): { basis: NamedArray; origin: NamedArray } {
  return { basis: { dtype: 'F64', shape, data: basis }, origin: { dtype: 'F64', shape: [shape[0]], data: origin } };
}

/** The space that {@link spaceTensors} wrote. @throws FormatError */
export function savedSpace(where: string, state: ScorerState): ResidualSpace {
  const { data: origin } = tensorOf(where, state, 'origin', 'F64', [undefined]);
  const { data: basis, shape } = tensorOf(where, state, 'basis', 'F64', [origin.length, undefined]);
  const left = shape[1]!;
  const lengths = new Float64Array(left);
  basis.forEach((value, at) => (lengths[at % left]! += value ** 2));
  // Other sides over the same numbers would be other directions, and scores that look as good as any.
  const wrong = left > origin.length ? origin.length : lengths.findIndex((length) => !(Math.abs(length - 1) < 1e-6));
  if (wrong >= 0) {
    const expected = `at most ${origin.length} columns, each of length 1`;
    const received =
      left > origin.length ? `${left} columns` : `one of ${Math.sqrt(lengths[wrong]!)} at index ${wrong}`;
    throw new FormatError(where, 'state.tensors.basis', expected, received);
  }
  return { basis, origin, shape: [origin.length, left] };
}
