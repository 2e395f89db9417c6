import { ArgumentError } from '../../core/errors';
import type { SavedArrays } from '../../core/saved/saved-arrays';
import { leastNorm } from '../../linalg/decompositions/least-norm';
import { rowProducts } from '../../linalg/row-products';
import type { SecondMoments } from '../../linalg/second-moments';
import { traceOf } from '../../linalg/trace';
import type { Pause } from '../../core/pauses';
import type { Head } from '../contract/scorer';
import { countsOf, type Accumulator } from '../partial/accumulator';
import { RowMoments } from './row-moments';

/** What the training features leave over: the directions [D, D - k] of least spread about an origin [D]. */
export interface ResidualSpace {
  basis: Float64Array;
  origin: Float64Array;
}

/** The official rule: 1000 of 2048 and more features, 512 of 768 and more, else half of them. */
const usualDimension = (size: number): number => (size >= 2048 ? 1000 : size >= 768 ? 512 : Math.floor(size / 2));

/** Where the head's logits are nearest to 0: -(W^T)^+ b for logits W^T x + b. */
async function originOf({ weights, bias, shape: [size, classes] }: Head, pause: Pause): Promise<Float64Array> {
  const transposed = new Float64Array(weights.length);
  for (let i = 0; i < size; i++) {
    await pause();
    for (let c = 0; c < classes; c++) transposed[c * size + i] = weights[i * classes + c]!;
  }
  return leastNorm(
    transposed,
    [classes, size],
    Float64Array.from(bias, (value) => -value),
    pause,
  );
}

/** What is found of rows: the space, and how far they spread. */
export interface FoundResidual {
  space: ResidualSpace;
  spread: number;
}

/** Moments of the rows, or few rows themselves, and the space that they leave over. */
export function gatheredSpace<T>(
  where: string,
  head: Head,
  { dimension, blockSize }: { dimension: number | undefined; blockSize: number },
  finish: (found: FoundResidual, pause: Pause) => Promise<T> | T,
): Accumulator<'features', T> {
  const size = head.shape[0];
  const kept = dimension ?? usualDimension(size);
  if (kept >= size) {
    throw new ArgumentError(where, 'dimension', `below the number of features, ${size}`, kept);
  }
  const moments = new RowMoments(size, blockSize);
  return {
    add: ({ features }, pause) => moments.add(features.data, pause),
    merge: (state, from, pause) => moments.merge(from, state, pause),
    rowsIn: ({ rows, count }) => rows?.shape[0] ?? countsOf(count),
    state: () => moments.state(),
    async finish(pause) {
      const origin = await originOf(head, pause);
      await pause();
      const { few, sums } = moments;
      const { rank, basis, moment, variance } = few
        ? await spaceOfFew(few, origin, kept, pause)
        : await spaceOf(sums, origin, kept, pause);
      if (kept > rank) {
        const received = `${kept}, where the rank is ${rank}`;
        throw new ArgumentError(where, 'dimension', 'at most the rank of the training features', received);
      }
      // Of equal rows all that float64 leaves of their distance from the origin is rounding.
      const spread = Math.sqrt(Math.max(0, variance, 1e-12 * moment));
      return finish({ space: { basis, origin }, spread }, pause);
    },
  };
}

/** What is left over, and how many directions have more than rounding; the mean squares about origin and mean. */
interface FoundSpace {
  basis: Float64Array;
  rank: number;
  moment: number;
  variance: number;
}

async function spaceOfFew(rows: Float32Array, origin: Float64Array, kept: number, pause: Pause): Promise<FoundSpace> {
  const { fewRows } = await import('../../linalg/decompositions/few-rows');
  const { complement, ...found } = await fewRows(rows, origin, pause);
  return { ...found, basis: await complement(Math.min(kept, found.rank)) };
}

async function spaceOf(moments: SecondMoments, origin: Float64Array, kept: number, pause: Pause): Promise<FoundSpace> {
  const size = origin.length;
  const about = moments.about(origin);
  const { symmetricEigen } = await import('../../linalg/decompositions/symmetric-eigen');
  const { values, vectors } = await symmetricEigen(about, size, pause);
  const least = size * 2 ** -52 * values.at(-1)!;
  const basis = await vectors(0, size - kept);
  const rank = Math.min(values.filter((value) => value > least).length, moments.count);
  return { basis, rank, moment: traceOf(about, size), variance: moments.variance() };
}

/** ||V^T (x - o)|| of rows: how far they are from the principal subspace. */
export function residualNorms(where: string, { basis, origin }: ResidualSpace, blockSize: number) {
  const size = origin.length;
  const left = basis.length / size;
  const products = rowProducts(where, basis, [size, left], blockSize);
  const ofOrigin = new Float64Array(left);
  for (let i = 0; i < size; i++) for (let c = 0; c < left; c++) ofOrigin[c]! += origin[i]! * basis[i * left + c]!;
  return {
    async of(rows: Float32Array, pause?: Pause): Promise<Float64Array> {
      const parts = await products.of(rows, pause);
      return Float64Array.from({ length: rows.length / size }, (_, row) => {
        let square = 0;
        for (let c = 0; c < left; c++) square += (parts[row * left + c]! - ofOrigin[c]!) ** 2;
        return Math.sqrt(square);
      });
    },
    dispose: () => products.dispose(),
  };
}

/** The space among the arrays of a fit: columns of length 1, since others over the same numbers score as plausibly. */
export const SPACE = {
  origin: { dtype: 'F64', shape: ['D'] },
  basis: {
    dtype: 'F64',
    shape: ['D', 'left'],
    rule: {
      expected: 'at most D columns, each of length 1',
      wrong(basis, [size = 0, left = 0]) {
        if (left > size) return `${left} columns`;
        const squares = new Float64Array(left);
        for (let at = 0; at < basis.length; at++) squares[at % left]! += basis[at]! ** 2;
        const wrong = squares.findIndex((square) => !(Math.abs(square - 1) < 1e-6));
        return wrong < 0 ? undefined : `one of ${Math.sqrt(squares[wrong]!)} at index ${wrong}`;
      },
    },
  },
} as const satisfies SavedArrays;
