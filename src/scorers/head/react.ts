import { COUNT, FINITE, oneOf, SHARE } from '../../core/check';
import { HEAD, headOf } from '../contract/checked-head';
import { defineScorer } from '../contract/define-scorer';
import { energyScore, largestMsp, maxLogitScore, mspScore, type LogitRow } from '../contract/logit-scores';
import type { ScorerMethod } from '../contract/scorer';
import { shapedRows } from './shaped-rows';
import { ValueQuantiles } from './value-quantiles';

const SCORES = {
  energy: (logits: LogitRow) => energyScore(logits),
  msp: (logits: LogitRow) => mspScore(logits),
  'max-logit': maxLogitScore,
};
type Then = keyof typeof SCORES;

/** Options of {@link react}. */
export interface ReactOptions {
  /** Share of all training activations that lies below the clipping threshold; default 0.9. */
  percentile?: number;
  /** The score of the logits of the clipped features; default `'energy'`. */
  then?: Then;
  /** Rows that go through the backend at once, default 4096. */
  blockSize?: number;
}

/**
 * Rectified activations (ReAct): features are clipped from above, then the head's energy (or another score) is taken.
 *
 * s(x) = energy of the logits of min(x, t); t is the percentile of the activations of all units and rows that it was
 * fitted on, as by numpy.percentile: exact up to 2^22 numbers, within 2^-18 of its size for more (a histogram, so
 * memory is bounded). The paper's confidence is -s. Features [N, D], O(D C) a row. The state holds head and t.
 *
 * Measured on wasm: a fit grows as N^1.1 (2,000 to 8,000) and D^1.0 (256 to 1,024); scores grow as D^1.0 (256 to 1,024)
 * and C^0.3 (10 to 90).
 *
 * Source: Sun, Guo, Li, ReAct, NeurIPS 2021.
 *
 * @throws ArgumentError for a percentile outside (0, 1), an unknown score, a missing head, no rows; ShapeError where
 *   the features do not fit the head
 * @example
 * const head = { weights: Float32Array.of(1, 0, 0, 1), bias: Float32Array.of(0, 0), shape: [2, 2] } as const;
 * const blocks = [{ features: { data: Float32Array.of(0, 1, 2, 1), shape: [2, 2] as const } }];
 * const scorer = await react({ percentile: 0.5, then: 'max-logit' }).fit(blocks, { head });
 * await scorer.score({ features: { data: Float32Array.of(9, 0), shape: [1, 2] } }); // Float32Array [-1]
 */
export function react(options?: ReactOptions): ScorerMethod<'features', 'features' | 'head'> {
  return defineScorer('react', options, {
    needs: ['features'],
    fitNeeds: ['features', 'head'],
    options: {
      percentile: [SHARE, 0.9],
      then: [oneOf(...Object.keys(SCORES)), 'energy'],
      blockSize: [COUNT, 4096],
    },
    saved: ['percentile', 'then'],
    fitted: { ...HEAD, threshold: [FINITE] },
    gather({ head }, { percentile }) {
      const activations = new ValueQuantiles();
      return {
        add: ({ features }) => activations.add(features.data),
        merge: (state, where) => activations.merge(where, state),
        rowsIn: ({ values, counts }) => (values?.data.length ?? counts?.data[0] ?? 0) / head.shape[0],
        state: () => activations.state(),
        finish: () => ({ ...head, threshold: activations.quantile(percentile) }),
      };
    },
    score: ({ threshold, ...head }, { options: { then, blockSize }, sides }) =>
      shapedRows('react', headOf(head), blockSize, {
        shape(row) {
          row.forEach((value, i) => (row[i] = Math.min(value, threshold)));
          return 1;
        },
        scoreOf: SCORES[then],
        largestScore: then === 'msp' ? largestMsp(sides.C!) : undefined,
      }),
  });
}
