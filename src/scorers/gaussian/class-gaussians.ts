import type { Means } from '../../embeddings/class-means';
import type { ClassScatter } from '../../embeddings/class-scatter';
import { estimateCovariance, ESTIMATORS, type CovarianceEstimator } from '../../embeddings/covariance';
import { ArgumentError, FormatError } from '../../core/errors';
import { featureScorer } from '../contract/feature-scorer';
import { fitScatter } from './fit-scatter';
import type { CovarianceOptions } from './mahalanobis';
import { mahalanobisDistances } from '../../linalg/mahalanobis-distances';
import { checkOption, checkWord, COUNT } from '../../core/check';
import { factorsOf, savedWhitenings } from './saved-gaussian';
import { savedMeans } from '../contract/saved-means';
import type { Scorer, ScorerMethod } from '../contract/scorer';
import { checkKind, tensorOf, wordOf } from '../contract/scorer-state';
import { whiteningOf, type Whitening } from '../../linalg/whitening';

const KIND = 'class-gaussians';
const WHERE = 'classGaussians';

interface Fitted {
  labels: Int32Array;
  /** Rows of each class [C]. */
  counts: Float64Array;
  /** [C, D]. */
  means: Float64Array;
  /** Of each class. */
  whitenings: readonly Whitening[];
  covariance: CovarianceEstimator;
}

function scorerOf({ labels, counts, means, whitenings, covariance }: Fitted, blockSize: number): Scorer<'features'> {
  const { size } = whitenings[0]!;
  const classes = labels.length;
  const total = counts.reduce((a, b) => a + b);
  const densities = whitenings.map((whitening, c) => {
    const mean = means.slice(c * size, (c + 1) * size);
    const constant = Math.log(counts[c]! / total) - (whitening.logDeterminant + size * Math.log(2 * Math.PI)) / 2;
    return { constant, distances: mahalanobisDistances(WHERE, whitening, mean, { blockSize }) };
  });
  return featureScorer({
    where: WHERE,
    size,
    state: {
      kind: KIND,
      options: { covariance },
      tensors: {
        labels: { dtype: 'I32', shape: [classes], data: labels },
        counts: { dtype: 'F64', shape: [classes], data: counts },
        means: { dtype: 'F64', shape: [classes, size], data: means },
        factors: factorsOf(whitenings),
      },
    },
    largestScore: undefined,
    async scoresOf({ data }) {
      const scores = new Float64Array(data.length / size).fill(Infinity); // -log of a sum of no densities
      for (const { constant, distances } of densities) {
        const squares = await distances.of(data);
        squares.forEach((square, row) => (scores[row] = minusLogSum(scores[row]!, square / 2 - constant)));
      }
      return scores;
    },
    dispose: () => densities.forEach(({ distances }) => distances.dispose()),
  });
}

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
  const own = Array.from(labels.keys()).filter((at) => store.counts.get(labels[at]!)! > 1);
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
    data: Float64Array.from(own.flatMap((at) => Array.from(data.subarray(at * size, (at + 1) * size)))),
  };
}

/**
 * Minus the logarithm of the density of the features, a normal distribution for each class (DDU).
 *
 * s(x) = -log sum over c of (N_c / N) N(x; m_c, S_c), S_c the covariance of class c divided by N_c and shrunk as
 * `covariance` says (the authors divide by N_c - 1 and add a small multiple of the identity). By log-sum-exp: never NaN
 * or -Infinity for finite features however far. It is a log-density: below 0 for densities above 1. Features [N, D];
 * one pass; memory and state C x D x D, O(C D^2) a row.
 *
 * Source: Mukhoti et al., Deep Deterministic Uncertainty, CVPR 2023, algorithm 1.
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
export function classGaussians({ covariance = 'oas', blockSize = 4096 }: CovarianceOptions = {}): ScorerMethod<
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
      const store = await fitScatter(WHERE, blocks, progress, { perClass: true, blockSize });
      const { labels, data: means } = withoutSingles(store);
      const whitenings = Array.from(labels, (label) =>
        whiteningOf(WHERE, estimateCovariance(store.ofClass(label), covariance), `covariance of class ${label}`),
      );
      const counts = Float64Array.from(labels, (label) => store.counts.get(label)!);
      return scorerOf({ labels, counts, means, whitenings, covariance }, blockSize);
    },
    restore(state) {
      const where = `${WHERE}.restore`;
      checkKind(where, state, KIND, ['labels', 'means', 'counts', 'factors']);
      const { labels, means, classes, size } = savedMeans(where, state);
      const counts = tensorOf(where, state, 'counts', 'F64', [classes]).data;
      if (!counts.every((count) => Number.isSafeInteger(count) && count >= 1)) {
        throw new FormatError(where, 'state.tensors.counts', 'whole numbers from 1', counts.join(', ').slice(0, 80));
      }
      const whitenings = savedWhitenings(where, state, 'factors', classes, size);
      const covariance = wordOf(where, state, 'covariance', ESTIMATORS);
      return scorerOf({ labels, counts, means, whitenings, covariance }, blockSize);
    },
  };
}
