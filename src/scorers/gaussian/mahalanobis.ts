import { ANY_SHARE } from '../../core/check';
import { withPauses } from '../../core/steps';
import { estimatingCovariance } from '../../embeddings/covariance';
import { mahalanobisDistances } from '../../linalg/mahalanobis-distances';
import { factorOf, whiteningFrom } from '../../linalg/whitening';
import { CLASS_MEANS, meanArrays, withMoreMeans } from '../contract/class-mean-arrays';
import { defineRowScorer } from '../contract/define-row-scorer';
import type { Rows } from '../contract/rows';
import type { ScorerMethod } from '../contract/scorer';
import {
  COVARIANCE_OPTIONS,
  factorArray,
  gatheredScatter,
  NORMALIZED,
  normalizedAs,
  rowsFor,
  whiteningsOf,
  type CovarianceOptions,
} from './gaussian-fit';

/**
 * Mahalanobis distance to the nearest class mean, with one covariance for all classes.
 *
 * s(x) = min over c of (x - m_c)^T S^-1 (x - m_c), squared; S is the scatter of the N rows about the means of their
 * classes, divided by N, shrunk as `covariance` says. Features [N, D]; one pass, O(N D^2), then a Cholesky factor (no
 * inverse of S), O(D^3). Memory of a fit: a few D x D, and C x D. Scoring is O(D^2 + C D) a row, in memory of one
 * block.
 *
 * Measured on wasm: a fit grows as D^2.0 (5,000 rows, 512 to 2,048), N^0.7 (256 features, 2,000 to 8,000) and C^0.1 (10
 * to 90); scores grow as D^1.8 (256 to 1,024) and C^0.2 (10 to 90).
 *
 * Source: Lee et al., NeurIPS 2018, equations 1 and 2 (one layer; without the input perturbation); with
 * `normalize: 'length'` Mahalanobis++, Müller and Hein, ICML 2025.
 *
 * @throws ArgumentError for an unknown estimator; where there is no row, or no two rows of a class differ; for
 *   `'empirical'` where the covariance is singular
 * @example
 * const features = { data: Float32Array.of(0, 0, 2, 0, 0, 2, 2, 2), shape: [4, 2] as const };
 * const scorer = await mahalanobis({ covariance: 'empirical' }).fit([{ features, labels: [0, 0, 0, 0] }], {});
 * await scorer.score({ features: { data: Float32Array.of(1, 4), shape: [1, 2] } }); // Float32Array [9]
 */
export function mahalanobis(options?: CovarianceOptions): ScorerMethod<'features', 'features' | 'labels'> {
  return defineRowScorer('mahalanobis', options, {
    needs: ['features'],
    fitNeeds: ['features', 'labels'],
    options: COVARIANCE_OPTIONS,
    saved: ['covariance'],
    fitted: { ...CLASS_MEANS, factor: factorArray(1), shrinkage: [ANY_SHARE], ...NORMALIZED },
    gather: (_, how) =>
      gatheredScatter(how, async (store, pause) => {
        const within = await withPauses(store.withinInSteps(), pause);
        const shared = await withPauses(estimatingCovariance(within, how.covariance), pause);
        await pause();
        const factor = await factorOf('mahalanobis', shared, 'covariance', pause);
        return {
          ...meanArrays(store.means()),
          factor,
          shrinkage: shared.shrinkage,
          ...normalizedAs(how),
          whitening: whiteningFrom(factor, shared.shape[0]),
        };
      }),
    score(fitted, { options: { blockSize }, sides }) {
      const whitening = fitted.whitening ?? whiteningsOf(fitted.factor, sides.D!)[0]!;
      const prepared = (features: Rows) => rowsFor(fitted.normalize, features);
      const distances = mahalanobisDistances('mahalanobis', whitening, fitted.means, { blockSize });
      return {
        scoresOf: ({ features }, pause) => distances.of(prepared(features).data, pause),
        takeIn: async (rows, labels) => ({
          ...fitted,
          ...(await withMoreMeans(fitted, prepared(rows), labels)),
          whitening,
        }),
        dispose: () => distances.dispose(),
      };
    },
  });
}
