import { featureScorer } from '../contract/feature-scorer';
import { checkOption, COUNT } from '../../core/check';
import {
  DIMENSION,
  fitResidualSpace,
  residualNorms,
  savedSpace,
  spaceTensors,
  type ResidualSpace,
} from './residual-space';
import type { Scorer, ScorerMethod } from '../contract/scorer';
import { checkKind } from '../contract/scorer-state';

/** Options of {@link residual}. */
export interface ResidualOptions {
  /**
   * k, directions of the principal subspace; default 1000 of 2048 and more features, 512 of 768 and more, else D / 2.
   */
  dimension?: number;
  /** Rows that go through the backend at once, default 4096. */
  blockSize?: number;
}

function scorerOf(space: ResidualSpace, blockSize: number): Scorer<'features'> {
  const norms = residualNorms('residual', space, blockSize);
  return featureScorer({
    where: 'residual',
    size: space.shape[0],
    state: { kind: 'residual', options: {}, tensors: spaceTensors(space) },
    largestScore: undefined,
    scoresOf: ({ data }) => norms.of(data),
    dispose: () => norms.dispose(),
  });
}

/**
 * Distance from the principal subspace of the training features.
 *
 * s(x) = ||V^T (x - o)||: o = -(W^T)^+ b is the origin by the head (logits W^T x + b), V [D, D - k] the eigenvectors of
 * the mean of (x - o)(x - o)^T with the smallest eigenvalues. Features [N, D]; one pass, D x D memory and O(N D^2), an
 * eigendecomposition of O(D^3): 0.1 s for D = 512, 5 s for 2048. O(D (D - k)) a row. The state holds V and o.
 *
 * Source: Wang et al., ViM, CVPR 2022, section 3.
 *
 * @throws ArgumentError for k that is not below D, a missing head, no rows; ShapeError where the features do not fit
 *   the head
 * @example
 * const head = { weights: Float32Array.of(1, -1, 0, 0), bias: Float32Array.of(0, 0), shape: [2, 2] } as const;
 * const blocks = [{ features: { data: Float32Array.of(2, 0, -3, 0), shape: [2, 2] as const } }];
 * const scorer = await residual({ dimension: 1 }).fit(blocks, { head });
 * await scorer.score({ features: { data: Float32Array.of(7, 4), shape: [1, 2] } }); // Float32Array [4]
 */
export function residual({ dimension, blockSize = 4096 }: ResidualOptions = {}): ScorerMethod<
  'features',
  'features' | 'head'
> {
  if (dimension !== undefined) checkOption('residual', 'dimension', dimension, DIMENSION);
  checkOption('residual', 'blockSize', blockSize, COUNT);
  return {
    kind: 'residual',
    needs: ['features'],
    fitNeeds: ['features', 'head'],
    takesTags: true, // the head gives the origin alone
    async fit(blocks, parts) {
      const { space } = await fitResidualSpace('residual', blocks, parts, { dimension, blockSize });
      return scorerOf(space, blockSize);
    },
    restore(state) {
      checkKind('residual.restore', state, 'residual', ['basis', 'origin']);
      return scorerOf(savedSpace('residual.restore', state), blockSize);
    },
  };
}
