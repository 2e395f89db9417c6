import type { Means } from '../../embeddings/class-means';
import { estimateCovariance, ESTIMATORS, type CovarianceEstimator, type Scatter } from '../../embeddings/covariance';
import { featureScorer } from '../contract/feature-scorer';
import { fitScatter } from './fit-scatter';
import type { CovarianceOptions } from './mahalanobis';
import { mahalanobisDistances } from '../../linalg/mahalanobis-distances';
import { withMoreMeans } from '../contract/with-more-means';
import { checkOption, checkWord, COUNT } from '../../core/check';
import { factorsOf, savedWhitenings, SHRINKAGE } from './saved-gaussian';
import { savedMeans } from '../contract/saved-means';
import type { Scorer, ScorerMethod } from '../contract/scorer';
import { checkKind, tensorOf, wordOf, savedOption } from '../contract/scorer-state';
import { whiteningOf, type Whitening } from '../../linalg/whitening';

const KIND = 'relative-mahalanobis';
const WHERE = 'relativeMahalanobis';
/** Two large distances may differ by little: both are computed to more digits. */
const TOLERANCE = 2e-8;

interface Fitted {
  means: Pick<Means, 'labels' | 'data' | 'shape'>;
  /** Mean of all rows [D]. */
  mean: Float64Array;
  /** Within the classes, and of all rows. */
  whitenings: readonly [within: Whitening, background: Whitening];
  options: { covariance: CovarianceEstimator; shrinkage: number };
}

function scorerOf({ means, mean, whitenings, options }: Fitted, blockSize: number): Scorer<'features'> {
  const precision = { blockSize, tolerance: TOLERANCE };
  const toClass = mahalanobisDistances(WHERE, whitenings[0], means.data, precision);
  const toAll = mahalanobisDistances(WHERE, whitenings[1], mean, precision);
  return featureScorer({
    where: WHERE,
    size: mean.length,
    state: {
      kind: KIND,
      options,
      tensors: {
        labels: { dtype: 'I32', shape: [means.labels.length], data: means.labels },
        means: { dtype: 'F64', shape: means.shape, data: means.data },
        mean: { dtype: 'F64', shape: [mean.length], data: mean },
        factors: factorsOf(whitenings),
      },
    },
    largestScore: means.labels.length === 1 ? 0 : undefined, // of one class both distances are the same
    async scoresOf({ data }) {
      const [near, far] = [await toClass.of(data), await toAll.of(data)];
      return near.map((value, row) => value - far[row]!);
    },
    takeIn: async (rows, labels) =>
      scorerOf({ means: await withMoreMeans(means, rows, labels), mean, whitenings, options }, blockSize),
    dispose() {
      toClass.dispose();
      toAll.dispose();
    },
  });
}

/** The covariance S of a class with that of the class means: total = within + between. */
const withBetween = (covariance: Float64Array, within: Scatter, total: Scatter): Float64Array =>
  covariance.map((value, at) => value + (total.data[at]! - within.data[at]!) / total.count);

/**
 * Mahalanobis distance to the nearest class, less the one to all training rows.
 *
 * s(x) = min over c of (x - m_c)^T S^-1 (x - m_c) - (x - m)^T T^-1 (x - m): S as in `mahalanobis`, m the mean of all N
 * rows, T = S + the covariance of the class means. Without shrinkage T is the covariance of all rows, divided by N (a
 * scatter that is not divided leaves the plain distance). With it both have the same part of the identity, so that what
 * tells no classes apart falls out: two shrinkages would leave the difference of two arbitrary numbers there. Features
 * [N, D]; one pass; O(D^2 + C D) a row.
 *
 * Source: Ren et al., 2021 (arXiv 2106.09022), equation 2.
 *
 * @throws ArgumentError for an unknown estimator; where there is no row, or no two rows of a class differ; for
 *   `'empirical'` where a covariance is singular
 * @example
 * const features = { data: Float32Array.of(-3, -1, 1, 3), shape: [4, 1] as const };
 * const scorer = await relativeMahalanobis().fit([{ features, labels: [0, 0, 1, 1] }], {});
 * await scorer.score({ features: { data: Float32Array.of(2), shape: [1, 1] } }); // Float32Array [-0.8]: 0 / 1 - 4 / 5
 */
export function relativeMahalanobis({ covariance = 'oas', blockSize = 4096 }: CovarianceOptions = {}): ScorerMethod<
  'features',
  'features' | 'labels'
> {
  checkWord(WHERE, 'covariance', covariance, ESTIMATORS);
  checkOption(WHERE, 'blockSize', blockSize, COUNT);
  return {
    kind: KIND,
    needs: ['features'],
    fitNeeds: ['features', 'labels'],
    async fit(blocks, progress) {
      const store = await fitScatter(WHERE, blocks, progress, { perClass: covariance === 'ledoit-wolf', blockSize });
      const within = estimateCovariance(store.within(), covariance);
      const background = { ...within, data: withBetween(within.data, store.within(), store.total()) };
      const fitted: Fitted = {
        means: store.means(),
        mean: store.mean(),
        whitenings: [whiteningOf(WHERE, within, 'covariance'), whiteningOf(WHERE, background, 'background covariance')],
        options: { covariance, shrinkage: within.shrinkage },
      };
      return scorerOf(fitted, blockSize);
    },
    restore(state) {
      const where = `${WHERE}.restore`;
      checkKind(where, state, KIND, ['labels', 'means', 'mean', 'factors']);
      const { labels, means, classes, size } = savedMeans(where, state);
      const [within, background] = savedWhitenings(where, state, 'factors', 2, size);
      const fitted: Fitted = {
        means: { labels, data: means, shape: [classes, size] },
        mean: tensorOf(where, state, 'mean', 'F64', [size]).data,
        whitenings: [within!, background!],
        options: {
          covariance: wordOf(where, state, 'covariance', ESTIMATORS),
          shrinkage: savedOption(where, state, 'shrinkage', SHRINKAGE),
        },
      };
      return scorerOf(fitted, blockSize);
    },
  };
}
