import { COUNT, INDEX } from '../../core/check';
import { defineScorer } from '../contract/define-scorer';
import type { ScorerMethod } from '../contract/scorer';
import { gatheredSpace, residualNorms, SPACE } from './residual-space';

/** Options of {@link residual}. */
export interface ResidualOptions {
  /**
   * k, directions of the principal subspace; default 1000 of 2048 and more features, 512 of 768 and more, else D / 2.
   */
  dimension?: number;
  /** Rows that go through the backend at once, default 4096. */
  blockSize?: number;
}

/**
 * Distance from the principal subspace of the training features.
 *
 * s(x) = ||V^T (x - o)||: o = -(W^T)^+ b is the origin by the head (logits W^T x + b), V [D, D - k] the eigenvectors of
 * the mean of (x - o)(x - o)^T with the smallest eigenvalues. Features [N, D]; one pass. The state holds V and o.
 *
 * A fit takes O(N D^2) for the moments and O(D^3) for their eigenvectors, memory of 5 D x D. Of at most D / 2 rows it
 * keeps the rows and takes O(N^2 D + N^3 + D^2 k) by their small Gram matrix. o takes O(C D min(C, D)), by the Gram
 * matrix of W or, where W is nearly of a lower rank, by reflections, which are some ten times slower. A row takes O(D
 * (D - k)). Scores of four rows or fewer at once take twice the memory of V.
 *
 * Measured on wasm: a fit grows as D^2.3 (5,000 rows, 256 to 1,024), C^0.1 (1,024 features, 10 to 1,000) and N^0.4 (256
 * features, 2,000 to 8,000), of 500 rows as D^1.8 (320 to 1,280); scores grow as D^1.9 (256 to 1,024).
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
export function residual(options?: ResidualOptions): ScorerMethod<'features', 'features' | 'head'> {
  return defineScorer('residual', options, {
    needs: ['features'],
    fitNeeds: ['features', 'head'],
    takesTags: true, // the head gives the origin alone
    options: { dimension: [INDEX], blockSize: [COUNT, 4096] },
    fitted: SPACE,
    gather: ({ head }, how) => gatheredSpace('residual', head, how, ({ space }) => space),
    score(space, { options: { blockSize } }) {
      const norms = residualNorms('residual', space, blockSize);
      return { scoresOf: ({ features }, pause) => norms.of(features.data, pause), dispose: () => norms.dispose() };
    },
  });
}
