import { ANY_SHARE } from '../../core/check';
import { withPauses, type Steps } from '../../core/steps';
import type { ClassScatter } from '../../embeddings/class-scatter';
import { estimatingCovariance } from '../../embeddings/covariance';
import { mahalanobisDistances } from '../../linalg/mahalanobis-distances';
import { mirroring } from '../../linalg/mirror';
import { addingOuterProducts } from '../../linalg/scatter-products';
import { factorOf } from '../../linalg/whitening';
import { CLASS_MEANS, meanArrays, withMoreMeans } from '../contract/class-mean-arrays';
import { defineRowScorer } from '../contract/define-row-scorer';
import type { Rows } from '../contract/rows';
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

const WHERE = 'relativeMahalanobis';
/** Two large distances may differ by little: both are computed to more digits. */
const TOLERANCE = 2e-8;

/** The covariance S of a class with that of the class means about their mean m, each as often as it has rows. */
function* withBetween(covariance: Float64Array, store: ClassScatter, mean: Float64Array): Steps<Float64Array> {
  const { labels, data } = store.means();
  const { counts } = store;
  const size = mean.length;
  let all = 0;
  for (const count of counts.values()) all += count;
  yield;
  for (let c = 0; c < labels.length; c++) {
    const root = Math.sqrt(counts.get(labels[c]!)! / all);
    for (let i = 0; i < size; i++) data[c * size + i] = (data[c * size + i]! - mean[i]!) * root;
  }
  const joined = covariance.slice();
  yield;
  yield* addingOuterProducts(joined, data, size); // the upper triangle
  yield* mirroring(joined, size);
  return joined;
}

/**
 * Mahalanobis distance to the nearest class, less the one to all training rows.
 *
 * s(x) = min over c of (x - m_c)^T S^-1 (x - m_c) - (x - m)^T T^-1 (x - m): S as in `mahalanobis`, m the mean of all N
 * rows, T = S + the covariance of the class means. Without shrinkage T is the covariance of all rows, divided by N (a
 * scatter that is not divided leaves the plain distance). With it both have the same part of the identity, so that what
 * tells no classes apart falls out: two shrinkages would leave the difference of two arbitrary numbers there. Features
 * [N, D]; one pass, O(N D^2), and two Cholesky factors, O(D^3); memory of a few D x D. Scoring is O(D^2 + C D) a row.
 *
 * Measured on wasm: a fit grows as D^2.0 (5,000 rows, 512 to 2,048), N^0.8 (256 features, 2,000 to 8,000) and C^0.1 (10
 * to 90); scores grow as D^1.9 (256 to 1,024) and C^0.1 (10 to 90).
 *
 * Source: Ren et al., 2021 (arXiv 2106.09022), equation 2; `normalize: 'length'`: Müller and Hein, ICML 2025.
 *
 * @throws ArgumentError for an unknown estimator; where there is no row, or no two rows of a class differ; for
 *   `'empirical'` where a covariance is singular
 * @example
 * const features = { data: Float32Array.of(-3, -1, 1, 3), shape: [4, 1] as const };
 * const scorer = await relativeMahalanobis().fit([{ features, labels: [0, 0, 1, 1] }], {});
 * await scorer.score({ features: { data: Float32Array.of(2), shape: [1, 1] } }); // Float32Array [-0.8]: 0 / 1 - 4 / 5
 */
export function relativeMahalanobis(options?: CovarianceOptions): ScorerMethod<'features', 'features' | 'labels'> {
  return defineRowScorer(WHERE, options, {
    needs: ['features'],
    fitNeeds: ['features', 'labels'],
    options: COVARIANCE_OPTIONS,
    saved: ['covariance'],
    fitted: {
      ...CLASS_MEANS,
      mean: { dtype: 'F64', shape: ['D'] },
      factors: factorArray(2), // within the classes, and of all rows
      shrinkage: [ANY_SHARE],
      ...NORMALIZED,
    },
    gather: (_, how) =>
      gatheredScatter(how, async (store, pause) => {
        const scatter = await withPauses(store.withinInSteps(), pause);
        const within = await withPauses(estimatingCovariance(scatter, how.covariance), pause);
        const mean = store.mean();
        const data = await withPauses(withBetween(within.data, store, mean), pause);
        const background = { ...within, data };
        await pause();
        const factors = await joinedFactors(2, mean.length, (at, into) =>
          at === 0
            ? factorOf(WHERE, within, 'covariance', pause, into)
            : factorOf(WHERE, background, 'background covariance', pause, into),
        );
        const whitenings = whiteningsOf(factors, mean.length);
        const means = { ...meanArrays(store.means()), mean };
        return { ...means, factors, shrinkage: within.shrinkage, ...normalizedAs(how), whitenings };
      }),
    score(fitted, { options: { blockSize }, sides }) {
      const whitenings = fitted.whitenings ?? whiteningsOf(fitted.factors, sides.D!);
      const prepared = (features: Rows) => rowsFor(fitted.normalize, features);
      const precision = { blockSize, tolerance: TOLERANCE };
      const toClass = mahalanobisDistances(WHERE, whitenings[0]!, fitted.means, precision);
      const toAll = mahalanobisDistances(WHERE, whitenings[1]!, fitted.mean, precision);
      return {
        largestScore: sides.K === 1 ? 0 : undefined, // of one class both distances are the same
        async scoresOf({ features }, pause) {
          const { data } = prepared(features);
          const [near, far] = [await toClass.of(data, pause), await toAll.of(data, pause)];
          return near.map((value, row) => value - far[row]!);
        },
        takeIn: async (rows, labels) => ({
          ...fitted,
          ...(await withMoreMeans(fitted, prepared(rows), labels)),
          whitenings,
        }),
        dispose() {
          toClass.dispose();
          toAll.dispose();
        },
      };
    },
  });
}
