import type { LogitRow } from '../contract/logit-scores';
import { defineLogitScorer } from './define-logit-scorer';
import type { ReadyScorer } from '../contract/scorer';
import { noOptions, type NoOptions } from './no-options';

/** -sum of log(1 + e^z), each term without an overflow of e^z or a loss of it beside 1. */
function jointEnergyScore(logits: LogitRow): number {
  let sum = 0;
  for (const z of logits) sum += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
  return 0 - sum;
}

/**
 * Joint energy of the logits of tags, for a model that says yes or no to each of several labels (sigmoids).
 *
 * s(x) = -sum over the labels j of log(1 + exp(x_j)), at most 0: the paper's JointEnergy, negated. What goes into the
 * sigmoids [N, C], O(C) a row, in float64; finite for all finite logits. Every tag that an image has makes it more
 * familiar, so an image with no tag at all looks strange to it: where known images may have none, take
 * `nearestNeighbors()` or `residual()` of the features.
 *
 * Measured on wasm: scores grow as N^1.0 (1,000 to 16,000) and C^1.0 (50 to 800).
 *
 * Source: Wang, Liu, Bocchieri, Li, Can multi-label classification networks know what they don't know?, NeurIPS 2021.
 *
 * @throws ArgumentError for any option: it has none
 * @example
 * await jointEnergy().score({ logits: { data: Float32Array.of(2, -1, 0), shape: [1, 3] } }); // Float32Array [-3.13334]
 */
export function jointEnergy(options?: NoOptions): ReadyScorer<'logits'> {
  return defineLogitScorer('jointEnergy', noOptions('jointEnergy', options), {
    options: {},
    takesTags: 'first',
    scoreOf: jointEnergyScore,
    largestOf: () => 0, // where every logit is far below 0
  });
}
