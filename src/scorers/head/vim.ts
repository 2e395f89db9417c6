import { ArgumentError, FormatError } from '../../core/errors';
import { headTensors, savedHead } from '../contract/checked-head';
import { featureScorer } from '../contract/feature-scorer';
import { headLogits } from './head-logits';
import { energyScore, maxLogitScore } from '../contract/logit-scores';
import { checkOption, COUNT, POSITIVE, type NumberRule } from '../../core/check';
import type { ResidualOptions } from './residual';
import {
  DIMENSION,
  fitResidualSpace,
  residualNorms,
  savedSpace,
  spaceTensors,
  type ResidualSpace,
} from './residual-space';
import { rowSample, type RowSample } from '../contract/row-sample';
import type { Head, Scorer, ScorerMethod } from '../contract/scorer';
import { checkKind, savedOption } from '../contract/scorer-state';

/** Options of {@link vim}. */
export interface VimOptions extends ResidualOptions {
  /** Rows kept to estimate alpha, a uniform sample of all; default 4096. */
  sampleSize?: number;
  /** Which sample; default 1. */
  seed?: number;
}

const SEED: NumberRule = { expected: 'an integer', holds: Number.isSafeInteger };

interface Fitted {
  head: Head;
  space: ResidualSpace;
  alpha: number;
}

/** Largest logit and logsumexp of each row, negated. */
async function logitScores(head: Head, rows: Float32Array, blockSize: number) {
  const logits = headLogits('vim', head, blockSize);
  try {
    const all = await logits.of(rows);
    const classes = head.shape[1];
    const each = (score: (row: Float64Array) => number) =>
      Float64Array.from({ length: all.length / classes }, (_, row) =>
        score(all.subarray(row * classes, (row + 1) * classes)),
      );
    return { maxLogits: each(maxLogitScore), energies: each((row) => energyScore(row)) };
  } finally {
    logits.dispose();
  }
}

/** Mean largest logit over mean residual norm. */
async function alphaOf(rows: Float32Array, head: Head, space: ResidualSpace, spread: number, blockSize: number) {
  const { maxLogits } = await logitScores(head, rows, blockSize);
  const norms = residualNorms('vim', space, blockSize);
  const lengths = await norms.of(rows).finally(() => norms.dispose());
  const total = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0);
  const [logitSum, normSum] = [-total(maxLogits), total(lengths)];
  // What rounding leaves of zeros is no residual.
  if (!(normSum / lengths.length > 1e-6 * spread)) {
    const expected = 'so small that the training features leave a residual';
    throw new ArgumentError('vim', 'dimension', expected, space.shape[0] - space.shape[1]);
  }
  if (!(logitSum > 0)) {
    const expected = 'rows whose largest logits have a mean above 0';
    throw new ArgumentError('vim', 'features', expected, logitSum / lengths.length);
  }
  return logitSum / normSum;
}

function scorerOf({ head, space, alpha }: Fitted, blockSize: number): Scorer<'features'> {
  const norms = residualNorms('vim', space, blockSize);
  const logits = headLogits('vim', head, blockSize);
  const classes = head.shape[1];
  return featureScorer({
    where: 'vim',
    size: head.shape[0],
    state: { kind: 'vim', options: { alpha }, tensors: { ...headTensors(head), ...spaceTensors(space) } },
    largestScore: undefined,
    async scoresOf({ data }) {
      const lengths = await norms.of(data);
      const all = await logits.of(data);
      return lengths.map(
        (length, row) => alpha * length + energyScore(all.subarray(row * classes, (row + 1) * classes)),
      );
    },
    dispose() {
      norms.dispose();
      logits.dispose();
    },
  });
}

/**
 * Virtual-logit matching (ViM): the residual as the logit of one more class.
 *
 * s(x) = alpha ||V^T (x - o)|| - log(sum over c of exp(logit_c)), with o, V as in {@link residual} and alpha = mean
 * largest logit / mean ||V^T (x - o)|| of training rows; it has the order of the paper's probability of the virtual
 * class. V is known after the pass, so alpha is taken on a uniform sample of `sampleSize` rows that was kept (as in the
 * paper; of fewer rows it is exact). Features [N, D]; memory D x D and sampleSize x D, O(N D^2), an eigendecomposition
 * of O(D^3): 0.1 s for D = 512, 5 s for 2048. The state holds head, V, o and alpha.
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
export function vim({ dimension, sampleSize = 4096, seed = 1, blockSize = 4096 }: VimOptions = {}): ScorerMethod<
  'features',
  'features' | 'head'
> {
  if (dimension !== undefined) checkOption('vim', 'dimension', dimension, DIMENSION);
  checkOption('vim', 'sampleSize', sampleSize, COUNT);
  checkOption('vim', 'seed', seed, SEED);
  checkOption('vim', 'blockSize', blockSize, COUNT);
  return {
    kind: 'vim',
    needs: ['features'],
    fitNeeds: ['features', 'head'],
    async fit(blocks, parts) {
      let kept: RowSample | undefined;
      const options = { dimension, blockSize };
      const { head, space, spread } = await fitResidualSpace('vim', blocks, parts, options, (rows, { shape }) => {
        kept ??= rowSample(shape[0], sampleSize, seed);
        kept.add(rows);
      });
      return scorerOf({ head, space, alpha: await alphaOf(kept!.rows(), head, space, spread, blockSize) }, blockSize);
    },
    restore(state) {
      const where = 'vim.restore';
      checkKind(where, state, 'vim', ['weights', 'bias', 'basis', 'origin']);
      const space = savedSpace(where, state);
      const [head, alpha] = [savedHead(where, state), savedOption(where, state, 'alpha', POSITIVE)];
      const [size, classes] = head.shape;
      if (size !== space.shape[0]) {
        const expected = `F32 [${space.shape[0]}, ${classes}], as many features as the basis`;
        throw new FormatError(where, 'state.tensors.weights', expected, `F32 [${size}, ${classes}]`);
      }
      return scorerOf({ head, space, alpha }, blockSize);
    },
  };
}
