import { ArgumentError } from '../../core/errors';
import { checkedHead, savedHead } from '../contract/checked-head';
import { energyScore, largestMsp, maxLogitScore, mspScore, type LogitRow } from '../contract/logit-scores';
import { checkOption, checkWord, COUNT, FINITE, SHARE } from '../../core/check';
import { readRows } from '../contract/rows';
import type { Head, Scorer, ScorerMethod } from '../contract/scorer';
import { checkKind, wordOf, savedOption } from '../contract/scorer-state';
import { shapedScorer } from './shaped-scorer';
import { ValueQuantiles } from './value-quantiles';
import { agreeingBlocks } from '../contract/agreeing-blocks';

const THEN = ['energy', 'msp', 'max-logit'] as const;
type Then = (typeof THEN)[number];

/** Options of {@link react}. */
export interface ReactOptions {
  /** Share of all training activations that lies below the clipping threshold; default 0.9. */
  percentile?: number;
  /** The score of the logits of the clipped features; default `'energy'`. */
  then?: Then;
  /** Rows that go through the backend at once, default 4096. */
  blockSize?: number;
}

const SCORES: Record<Then, (logits: LogitRow) => number> = {
  energy: (logits) => energyScore(logits),
  msp: (logits) => mspScore(logits),
  'max-logit': maxLogitScore,
};

interface Fitted {
  head: Head;
  percentile: number;
  threshold: number;
  then: Then;
}

function scorerOf({ head, percentile, threshold, then }: Fitted, blockSize: number): Scorer<'features'> {
  return shapedScorer({
    where: 'react',
    kind: 'react',
    options: { percentile, threshold, then },
    head,
    blockSize,
    shape(row) {
      row.forEach((value, i) => (row[i] = Math.min(value, threshold)));
      return 1;
    },
    scoreOf: SCORES[then],
    largestScore: then === 'msp' ? Math.fround(largestMsp(head.shape[1])) : undefined,
  });
}

/**
 * Rectified activations (ReAct): features are clipped from above, then the head's energy (or another score) is taken.
 *
 * s(x) = energy of the logits of min(x, t); t is the percentile of the activations of all units and rows that it was
 * fitted on, as by numpy.percentile: exact up to 2^22 numbers, within 2^-18 of its size for more (a histogram, so
 * memory is bounded). The paper's confidence is -s. Features [N, D], O(D C) a row. The state holds head and t.
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
export function react({ percentile = 0.9, then = 'energy', blockSize = 4096 }: ReactOptions = {}): ScorerMethod<
  'features',
  'features' | 'head'
> {
  checkOption('react', 'percentile', percentile, SHARE);
  checkWord('react', 'then', then, THEN);
  checkOption('react', 'blockSize', blockSize, COUNT);
  return {
    kind: 'react',
    needs: ['features'],
    fitNeeds: ['features', 'head'],
    async fit(blocks, parts) {
      const head = checkedHead('react', parts);
      const activations = new ValueQuantiles();
      let seen = 0;
      for await (const block of agreeingBlocks('react', head, blocks)) {
        const { data, shape } = await readRows('react', 'features', block, head.shape[0]);
        activations.add(data);
        seen += shape[0];
        parts.onProgress?.(seen);
      }
      if (seen === 0) {
        throw new ArgumentError('react', 'blocks', 'at least one row', 'no row');
      }
      return scorerOf({ head, percentile, threshold: activations.quantile(percentile), then }, blockSize);
    },
    restore(state) {
      const where = 'react.restore';
      checkKind(where, state, 'react', ['weights', 'bias']);
      const saved = {
        head: savedHead(where, state),
        percentile: savedOption(where, state, 'percentile', SHARE),
        threshold: savedOption(where, state, 'threshold', FINITE),
        then: wordOf(where, state, 'then', THEN),
      };
      return scorerOf(saved, blockSize);
    },
  };
}
