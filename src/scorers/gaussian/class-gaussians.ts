import { COUNTS } from '../../core/saved/saved-arrays';
import { ArgumentError } from '../../core/errors';
import { withPauses } from '../../core/steps';
import type { Means } from '../../embeddings/class-means';
import type { ClassScatter } from '../../embeddings/class-scatter';
import { estimatingCovariance } from '../../embeddings/covariance';
import { mahalanobisDistances } from '../../linalg/mahalanobis-distances';
import { factorOf } from '../../linalg/whitening';
import { CLASS_MEANS, meanArrays } from '../contract/class-mean-arrays';
import { defineRowScorer } from '../contract/define-row-scorer';
import type { ScorerMethod } from '../contract/scorer';
import {
  COVARIANCE_OPTIONS,
  factorArray,
  gatheredScatter,
  joinedFactors,
  NORMALIZED,
  normalizedAs,
  rowsFor,
  whiteningsOf,
  type CovarianceOptions,
} from './gaussian-fit';

const WHERE = 'classGaussians';

/** -log(exp(-a) + exp(-b)) without underflow. */
function minusLogSum(a: number, b: number): number {
  const least = Math.min(a, b);
  return a === b && !Number.isFinite(a) ? a : least - Math.log1p(Math.exp(least - Math.max(a, b)));
}

/**
 * The means of classes with two rows or more: one row has no covariance, and which class has so few is often chance.
 */
function withoutSingles(store: ClassScatter): Pick<Means, 'labels' | 'data'> {
  const { labels, data, shape } = store.means();
  const size = shape[1];
  const { counts } = store;
  const own = Array.from(labels.keys()).filter((at) => counts.get(labels[at]!)! > 1);
  const singles = labels.length - own.length;
  if (own.length === 0) {
    const expected = 'rows of a class at least, of one that has two (mahalanobis has one covariance for all)';
    throw new ArgumentError(WHERE, 'blocks', expected, 'one row of each class');
  }
  if (singles > 0) {
    console.warn(
      `${WHERE}: ${singles} of ${labels.length} classes have one row and so no covariance; they are left out, as if they ` +
        'had none. Give them more rows, or take mahalanobis, which has one covariance for all.',
    );
  }
  return {
    labels: Int32Array.from(own, (at) => labels[at]!),
    data: joinedRows(own.length, size, (at) => data.subarray(own[at]! * size, (own[at]! + 1) * size)),
  };
}

/** Rows one after the other. */
function joinedRows(count: number, size: number, rowAt: (at: number) => Float64Array): Float64Array {
  const all = new Float64Array(count * size);
  for (let at = 0; at < count; at++) all.set(rowAt(at), at * size);
  return all;
}

/**
 * Minus the logarithm of the density of the features, a normal distribution for each class (DDU).
 *
 * s(x) = -log sum over c of (N_c / N) N(x; m_c, S_c), S_c the covariance of class c divided by N_c and shrunk as
 * `covariance` says (the authors divide by N_c - 1 and add a small multiple of the identity). By log-sum-exp: never NaN
 * or -Infinity for finite features however far. It is a log-density: below 0 for densities above 1. Features [N, D];
 * one pass, O(N D^2), and C Cholesky factors, O(C D^3); memory and state C x D x D, O(C D^2) a row.
 *
 * Measured on wasm: a fit grows as D^2.0 (5,000 rows, 256 to 1,024), C^0.7 (10 to 1,000) and N^0.3 (50 classes of 256
 * features, 2,000 to 8,000); scores grow as D^1.8 (64 to 256) and C^1.0 (10 to 160).
 *
 * Source: Mukhoti et al., Deep Deterministic Uncertainty, CVPR 2023, algorithm 1; `normalize: 'length'`: Müller and
 * Hein, ICML 2025.
 *
 * A class of a single row has no covariance: it is left out, with a warning.
 *
 * @throws ArgumentError for an unknown estimator; where no class has two rows; naming the first class whose rows do not
 *   differ, or whose `'empirical'` covariance is singular
 * @example
 * const features = { data: Float32Array.of(-3, -1, 1, 3), shape: [4, 1] as const };
 * const scorer = await classGaussians().fit([{ features, labels: [0, 0, 1, 1] }], {});
 * await scorer.score({ features: { data: Float32Array.of(0), shape: [1, 1] } }); // Float32Array [2.918939]
 */
export function classGaussians(options?: CovarianceOptions): ScorerMethod<'features', 'features' | 'labels'> {
  return defineRowScorer(WHERE, options, {
    needs: ['features'],
    fitNeeds: ['features', 'labels'],
    options: COVARIANCE_OPTIONS,
    saved: ['covariance'],
    fitted: {
      ...CLASS_MEANS,
      counts: { dtype: 'F64', shape: ['K'], rule: COUNTS },
      factors: factorArray('K'),
      ...NORMALIZED,
    },
    gather: (_, how) =>
      gatheredScatter(
        how,
        async (store, pause) => {
          const { labels, means } = meanArrays(withoutSingles(store));
          const factors = await joinedFactors(labels.length, store.embeddingSize!, async (at, into) => {
            const scatter = await withPauses(store.ofClassInSteps(labels[at]!), pause);
            const own = await withPauses(estimatingCovariance(scatter, how.covariance), pause);
            await factorOf(WHERE, own, `covariance of class ${labels[at]}`, pause, into);
          });
          const ofAll = store.counts;
          const counts = Float64Array.from(labels, (label) => ofAll.get(label)!);
          return { labels, means, counts, factors, ...normalizedAs(how) };
        },
        true,
      ),
    score({ means, counts, factors, normalize }, { options: { blockSize }, sides }) {
      const size = sides.D!;
      const total = counts.reduce((a, b) => a + b);
      const densities = whiteningsOf(factors, size).map((whitening, c) => {
        const mean = means.slice(c * size, (c + 1) * size);
        const constant = Math.log(counts[c]! / total) - (whitening.logDeterminant + size * Math.log(2 * Math.PI)) / 2;
        return { constant, distances: mahalanobisDistances(WHERE, whitening, mean, { blockSize }) };
      });
      return {
        async scoresOf({ count, features }, pause) {
          const { data } = rowsFor(normalize, features);
          const scores = new Float64Array(count).fill(Infinity); // -log of a sum of no densities
          for (const { constant, distances } of densities) {
            const squares = await distances.of(data, pause);
            squares.forEach((square, row) => (scores[row] = minusLogSum(scores[row]!, square / 2 - constant)));
          }
          return scores;
        },
        dispose: () => densities.forEach(({ distances }) => distances.dispose()),
      };
    },
  });
}
