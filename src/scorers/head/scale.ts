import { COUNT, SHARE } from '../../core/check';
import { HEAD, headOf } from '../contract/checked-head';
import { defineScorer } from '../contract/define-scorer';
import { energyScore } from '../contract/logit-scores';
import type { ScorerMethod } from '../contract/scorer';
import { keepLargest, keptCount, sharpening, sumOf } from './largest-features';
import { shapedRows } from './shaped-rows';

/** Options of {@link scale}. */
export interface ScaleOptions {
  /** Share of the features of each row that is left out of the sum of the largest; default 0.85. */
  percentile?: number;
  /** Rows that go through the backend at once, default 4096. */
  blockSize?: number;
}

/**
 * Activation scaling (SCALE): each row is multiplied by how concentrated it is, then the head's energy scores.
 *
 * x' = exp(sum of all / sum of the k largest) x with k = D - round(percentile D); nothing is pruned. s(x) =
 * -log(sum over c of exp(logit_c(x'))); the paper's confidence is -s. Needs no data, only the head. Features [N, D],
 * O(D log D + D C) a row. Made for activations of a ReLU: negative features count in the sums as they are.
 *
 * Measured on wasm: scores grow as D^1.1 (256 to 1,024) and C^0.1 (10 to 90).
 *
 * Source: Xu et al., Scaling for Training Time and Post-hoc Out-of-distribution Detection Enhancement, ICLR 2024.
 *
 * @throws ArgumentError for a percentile outside (0, 1), a missing head; in scoring, naming the row, where the largest
 *   have no sum above 0; NotFiniteError where exp leaves float32
 * @example
 * const head = { weights: Float32Array.of(1, 0, 0, 1), bias: Float32Array.of(0, 0), shape: [2, 2] } as const;
 * const scorer = await scale({ percentile: 0.5 }).fit([], { head });
 * await scorer.score({ features: { data: Float32Array.of(3, 1), shape: [1, 2] } }); // Float32Array [-11.3815107]
 */
export function scale(options?: ScaleOptions): ScorerMethod<'features', 'head'> {
  return defineScorer('scale', options, {
    needs: ['features'],
    fitNeeds: ['head'],
    options: { percentile: [SHARE, 0.85], blockSize: [COUNT, 4096] },
    saved: ['percentile'],
    fitted: HEAD,
    fit: (_, { head }) => head,
    score(head, { options: { percentile, blockSize }, sides }) {
      const kept = keptCount(sides.D!, percentile);
      return shapedRows('scale', headOf(head), blockSize, {
        shape(row, index) {
          const pruned = row.slice();
          keepLargest(pruned, kept);
          return sharpening('scale', index, sumOf(row), sumOf(pruned));
        },
        scoreOf: (logits) => energyScore(logits),
      });
    },
  });
}
