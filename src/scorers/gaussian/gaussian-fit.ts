import { COUNT, exactly, oneOf } from '../../core/check';
import type { Pause } from '../../core/pauses';
import type { Declared } from '../../core/read-options';
import type { SavedArray } from '../../core/saved/saved-arrays';
import { ClassScatter } from '../../embeddings/class-scatter';
import { ESTIMATORS, type CovarianceEstimator } from '../../embeddings/covariance';
import { unitLength } from '../../linalg/unit-length';
import { whiteningFrom, type Whitening } from '../../linalg/whitening';
import { FormatError } from '../../core/errors';
import type { Rows } from '../contract/rows';
import { countsOf, type Accumulator } from '../partial/accumulator';

/** Options of `mahalanobis`, `relativeMahalanobis` and `classGaussians`. */
export interface CovarianceOptions {
  /**
   * How covariances are estimated: `'oas'` (default) and `'ledoit-wolf'` are shrunk just enough to be of full rank,
   * `'empirical'` not at all, and fails where features are constant or fewer rows than features. `'ledoit-wolf'` keeps
   * C x D x D numbers when fitting.
   */
  covariance?: CovarianceEstimator;
  /**
   * `'none'` (default): rows stay as they are; `'length'`: each is scaled to length 1 first, when fitting and when
   * scoring (Mahalanobis++). A zero row has no direction and stays zero.
   */
  normalize?: 'none' | 'length';
  /** Rows that go through a GPU at once, default 4096, fewer of more than 512 features. */
  blockSize?: number;
}

export const COVARIANCE_OPTIONS = {
  covariance: [oneOf(...ESTIMATORS), 'oas'],
  normalize: [oneOf('none', 'length'), 'none'],
  blockSize: [COUNT, 4096],
} as const satisfies Declared<CovarianceOptions>;

/** How rows were normalized, among what a fit saves: nothing where they were not, as before there was a choice. */
export const NORMALIZED = { normalize: [exactly('length'), undefined as 'length' | undefined] } as const;

/** What is saved of the option. */
export const normalizedAs = ({ normalize }: Pick<Required<CovarianceOptions>, 'normalize'>) => ({
  normalize: normalize === 'length' ? normalize : undefined,
});

/** The rows as the fit takes them: of length 1 where that was asked for. */
export const rowsFor = (normalize: unknown, { data, shape }: Rows): Rows => ({
  data: normalize === 'length' ? unitLength(data, shape[1]) : data,
  shape,
});

/** Means and scatter of labeled rows, in one pass, and what is found of them. */
export function gatheredScatter<T>(
  { covariance, normalize, blockSize }: Required<CovarianceOptions>,
  finish: (store: ClassScatter, pause: Pause) => Promise<T>,
  perClass = covariance === 'ledoit-wolf',
): Accumulator<'features' | 'labels', T> {
  const store = new ClassScatter({ perClass, blockSize });
  return {
    add: ({ features, labels }, pause) => store.addWith(pause, rowsFor(normalize, features), labels),
    merge(state, where, _, { D }) {
      const other = ClassScatter.from(state);
      const { perClass: isPerClass, embeddingSize } = other;
      if (isPerClass !== perClass || embeddingSize !== D) {
        const received = `perClass ${isPerClass}, rows of ${embeddingSize}`;
        throw new FormatError(where, 'state', `perClass ${perClass}, rows of ${D}`, received);
      }
      store.merge(other);
    },
    rowsIn: ({ counts }) => countsOf(counts),
    state: () => store.state(),
    finish: (pause) => finish(store, pause),
  };
}

/** Factors L of so many covariances among the arrays of a fit: lower triangles with a diagonal above 0. */
export const factorArray = (count: number | string) =>
  ({
    dtype: 'F64',
    shape: [count, 'D', 'D'],
    rule: {
      expected: 'lower triangles with a diagonal above 0',
      wrong(factors, [, size = 0]) {
        for (let at = 0; at < factors.length; at++) {
          const [row, column] = [Math.floor(at / size) % size, at % size];
          const holds = column > row ? factors[at] === 0 : column < row || factors[at]! > 0;
          if (!holds) return `another row ${row} in matrix ${Math.floor(at / size ** 2)}`;
        }
        return undefined;
      },
    },
  }) as const satisfies SavedArray;

/** Those covariances, of rows of D numbers. */
export const whiteningsOf = (factors: Float64Array, size: number): Whitening[] =>
  Array.from({ length: factors.length / size ** 2 }, (_, at) =>
    whiteningFrom(factors.subarray(at * size ** 2, (at + 1) * size ** 2), size),
  );

/** Factors one after the other, each written into its place (zeros) when the one before it is done. */
export async function joinedFactors(
  count: number,
  size: number,
  factor: (at: number, into: Float64Array<ArrayBuffer>) => Promise<unknown>,
): Promise<Float64Array> {
  const all = new Float64Array(count * size ** 2);
  for (let at = 0; at < count; at++) await factor(at, all.subarray(at * size ** 2, (at + 1) * size ** 2));
  return all;
}
