import { COUNT, INDEX, INTEGER, POSITIVE } from '../../core/check';
import { ArgumentError } from '../../core/errors';
import { HEAD, headOf } from '../contract/checked-head';
import { defineScorer } from '../contract/define-scorer';
import { energyScore, maxLogitScore } from '../contract/logit-scores';
import type { Head, ScorerMethod } from '../contract/scorer';
import { RowSample } from '../partial/row-sample';
import { headLogits } from './head-logits';
import type { ResidualOptions } from './residual';
import { gatheredSpace, residualNorms, SPACE, type ResidualSpace } from './residual-space';

/** Options of {@link vim}. */
export interface VimOptions extends ResidualOptions {
  /** Rows kept to estimate alpha, a uniform sample of all; default 4096. */
  sampleSize?: number;
  /** Which sample; default 1. */
  seed?: number;
}

/** Largest logit of each row. */
async function largestLogits(rows: Float32Array, head: Head, blockSize: number): Promise<Float64Array> {
  const logits = headLogits('vim', head, blockSize);
  const all = await logits.of(rows).finally(() => logits.dispose());
  const classes = head.shape[1];
  return Float64Array.from(
    { length: all.length / classes },
    (_, row) => -maxLogitScore(all.subarray(row * classes, (row + 1) * classes)),
  );
}

/** Mean largest logit over mean residual norm. */
async function alphaOf(rows: Float32Array, head: Head, space: ResidualSpace, spread: number, blockSize: number) {
  const maxLogits = await largestLogits(rows, head, blockSize);
  const norms = residualNorms('vim', space, blockSize);
  const lengths = await norms.of(rows).finally(() => norms.dispose());
  const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
  const [logitSum, normSum] = [total(maxLogits), total(lengths)];
  // What rounding leaves of zeros is no residual.
  if (!(normSum / lengths.length > 1e-6 * spread)) {
    const expected = 'so small that the training features leave a residual';
    throw new ArgumentError(
      'vim',
      'dimension',
      expected,
      space.origin.length - space.basis.length / space.origin.length,
    );
  }
  if (!(logitSum > 0)) {
    const expected = 'rows whose largest logits have a mean above 0';
    throw new ArgumentError('vim', 'features', expected, logitSum / lengths.length);
  }
  return logitSum / normSum;
}

/**
 * Virtual-logit matching (ViM): the residual as the logit of one more class.
 *
 * s(x) = alpha ||V^T (x - o)|| - log(sum over c of exp(logit_c)), with o, V as in {@link residual} and alpha = mean
 * largest logit / mean ||V^T (x - o)|| of training rows; it has the order of the paper's probability of the virtual
 * class. V is known after the pass, so alpha is taken on a uniform sample of `sampleSize` rows that was kept (as in the
 * paper; of fewer rows it is exact). Features [N, D]; it costs what {@link residual} does, and memory of sampleSize x
 * D. The state holds head, V, o and alpha.
 *
 * Measured on wasm: a fit grows as D^1.8 (5,000 rows, 256 to 1,024) and N^0.5 (256 features, 2,000 to 8,000); scores
 * grow as D^1.6 (256 to 1,024) and C^0.2 (10 to 90).
 *
 * Source: Wang et al., ViM, CVPR 2022, section 4.
 *
 * @throws ArgumentError for k that is not below D or leaves no residual (fewer rows than k, or features of a lower
 *   rank), for largest logits with a mean that is not above 0, a missing head, no rows; ShapeError where the features
 *   do not fit the head
 * @example
 * const head = { weights: Float32Array.of(1, -1, 0, 0), bias: Float32Array.of(0, 0), shape: [2, 2] } as const;
 * const blocks = [{ features: { data: Float32Array.of(2, 1, -2, 1), shape: [2, 2] as const } }];
 * const scorer = await vim({ dimension: 1 }).fit(blocks, { head }); // alpha = 2
 * await scorer.score({ features: { data: Float32Array.of(0, 3), shape: [1, 2] } }); // Float32Array [5.3068528]
 */
export function vim(options?: VimOptions): ScorerMethod<'features', 'features' | 'head'> {
  return defineScorer('vim', options, {
    needs: ['features'],
    fitNeeds: ['features', 'head'],
    options: { dimension: [INDEX], sampleSize: [COUNT, 4096], seed: [INTEGER, 1], blockSize: [COUNT, 4096] },
    fitted: { ...HEAD, ...SPACE, alpha: [POSITIVE] },
    byId: true,
    gather({ head }, how) {
      const sample = new RowSample(how.sampleSize, how.seed);
      const moments = gatheredSpace('vim', head, how, async ({ space, spread }) => ({
        ...head,
        ...space,
        alpha: await alphaOf(sample.rows(), head, space, spread, how.blockSize),
      }));
      return {
        ...moments,
        sample,
        async add(rows, pause, block) {
          await moments.add(rows, pause, block);
          sample.add(rows.features.data, head.shape[0], rows.ids);
        },
      };
    },
    score({ alpha, ...fitted }, { options: { blockSize } }) {
      const head = headOf(fitted);
      const classes = head.shape[1];
      const norms = residualNorms('vim', fitted, blockSize);
      const logits = headLogits('vim', head, blockSize);
      return {
        async scoresOf({ features: { data } }, pause) {
          const lengths = await norms.of(data, pause);
          const all = await logits.of(data);
          return lengths.map(
            (length, row) => alpha * length + energyScore(all.subarray(row * classes, (row + 1) * classes)),
          );
        },
        dispose() {
          norms.dispose();
          logits.dispose();
        },
      };
    },
  });
}
