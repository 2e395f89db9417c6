import type { Means } from '../../embeddings/class-means';
import { estimateCovariance, ESTIMATORS, type CovarianceEstimator } from '../../embeddings/covariance';
import { featureScorer } from '../contract/feature-scorer';
import { fitScatter } from './fit-scatter';
import { mahalanobisDistances } from '../../linalg/mahalanobis-distances';
import { withMoreMeans } from '../contract/with-more-means';
import { checkOption, checkWord, COUNT } from '../../core/check';
import { factorsOf, savedWhitenings, SHRINKAGE } from './saved-gaussian';
import { savedMeans } from '../contract/saved-means';
import type { Scorer, ScorerMethod } from '../contract/scorer';
import { checkKind, wordOf, savedOption } from '../contract/scorer-state';
import { whiteningOf, type Whitening } from '../../linalg/whitening';

const KIND = 'mahalanobis';

/** Options of {@link mahalanobis}, {@link relativeMahalanobis} and {@link classGaussians}. */
export interface CovarianceOptions {
  /**
   * How covariances are estimated: `'oas'` (default) and `'ledoit-wolf'` are shrunk just enough to be of full rank,
   * `'empirical'` not at all, and fails where features are constant or fewer rows than features. `'ledoit-wolf'` keeps
   * C x D x D numbers when fitting.
   */
  covariance?: CovarianceEstimator;
  /** Rows that go through a GPU at once, default 4096, fewer of more than 512 features. */
  blockSize?: number;
}

interface Fitted {
  means: Pick<Means, 'labels' | 'data' | 'shape'>;
  whitening: Whitening;
  options: { covariance: CovarianceEstimator; shrinkage: number };
}

function scorerOf({ means, whitening, options }: Fitted, blockSize: number): Scorer<'features'> {
  const distances = mahalanobisDistances(KIND, whitening, means.data, { blockSize });
  return featureScorer({
    where: KIND,
    size: whitening.size,
    state: {
      kind: KIND,
      options,
      tensors: {
        labels: { dtype: 'I32', shape: [means.labels.length], data: means.labels },
        means: { dtype: 'F64', shape: means.shape, data: means.data },
        factor: factorsOf([whitening]),
      },
    },
    largestScore: undefined,
    scoresOf: ({ data }) => distances.of(data),
    takeIn: async (rows, labels) =>
      scorerOf({ means: await withMoreMeans(means, rows, labels), whitening, options }, blockSize),
    dispose: () => distances.dispose(),
  });
}

/**
 * Mahalanobis distance to the nearest class mean, with one covariance for all classes.
 *
 * s(x) = min over c of (x - m_c)^T S^-1 (x - m_c), squared; S is the scatter of the N rows about the means of their
 * classes, divided by N, shrunk as `covariance` says. Features [N, D]; one pass, memory D x D and C x D, O(N D^2), then
 * a Cholesky factor (no inverse of S). Scoring is O(D^2 + C D) a row, in memory of one block.
 *
 * Source: Lee et al., NeurIPS 2018, equations 1 and 2 (one layer; without the input perturbation).
 *
 * @throws ArgumentError for an unknown estimator; where there is no row, or no two rows of a class differ; for
 *   `'empirical'` where the covariance is singular
 * @example
 * const features = { data: Float32Array.of(0, 0, 2, 0, 0, 2, 2, 2), shape: [4, 2] as const };
 * const scorer = await mahalanobis({ covariance: 'empirical' }).fit([{ features, labels: [0, 0, 0, 0] }], {});
 * await scorer.score({ features: { data: Float32Array.of(1, 4), shape: [1, 2] } }); // Float32Array [9]
 */
export function mahalanobis({ covariance = 'oas', blockSize = 4096 }: CovarianceOptions = {}): ScorerMethod<
  'features',
  'features' | 'labels'
> {
  checkWord(KIND, 'covariance', covariance, ESTIMATORS);
  checkOption(KIND, 'blockSize', blockSize, COUNT);
  return {
    kind: KIND,
    needs: ['features'],
    fitNeeds: ['features', 'labels'],
    async fit(blocks, progress) {
      const store = await fitScatter(KIND, blocks, progress, { perClass: covariance === 'ledoit-wolf', blockSize });
      const shared = estimateCovariance(store.within(), covariance);
      const options = { covariance, shrinkage: shared.shrinkage };
      return scorerOf({ means: store.means(), whitening: whiteningOf(KIND, shared, 'covariance'), options }, blockSize);
    },
    restore(state) {
      const where = `${KIND}.restore`;
      checkKind(where, state, KIND, ['labels', 'means', 'factor']);
      const { labels, means, classes, size } = savedMeans(where, state);
      const [whitening] = savedWhitenings(where, state, 'factor', 1, size);
      const options = {
        covariance: wordOf(where, state, 'covariance', ESTIMATORS),
        shrinkage: savedOption(where, state, 'shrinkage', SHRINKAGE),
      };
      return scorerOf(
        { means: { labels, data: means, shape: [classes, size] }, whitening: whitening!, options },
        blockSize,
      );
    },
  };
}
