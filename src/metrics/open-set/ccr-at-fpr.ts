import { oneOf, SHARE } from '../../core/check';
import { readOptions, type Declared } from '../../core/read-options';
import type { Scores } from '../../core/scores';
import { oscrFor, type ClassifiedScores } from './oscr';

/** Options of {@link ccrAtFpr}. */
export interface CcrAtFprOptions {
  /** Share of OoD in (0, 1) that may be accepted; default 0.05. */
  fpr?: number;
  /**
   * Which threshold: `'at-or-below'`, the loosest one that accepts at most that share (default), or `'nearest'`, the
   * loosest one of the share that is nearest, the smaller share of two that are equally near.
   */
  rule?: 'at-or-below' | 'nearest';
}

const OPTIONS = {
  fpr: [SHARE, 0.05],
  rule: [oneOf('at-or-below', 'nearest'), 'at-or-below'],
} as const satisfies Declared<CcrAtFprOptions>;

/**
 * Correct classification rate at a false positive rate: the share of in-distribution samples that are accepted and
 * classified right where so much of the OoD is accepted.
 *
 * Only thresholds that there are: nothing is interpolated. 0 where even the lowest OoD score lies below all others.
 *
 * Source: Dhamija et al., NeurIPS 2018, section 3.
 *
 * @param inside in-distribution samples: `scores` (higher = more out of distribution), `predicted`, `labels`, each [N]
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side, a label below 0, a rate outside (0, 1) or an unknown rule; ShapeError for
 *   unequal lengths; NotFiniteError naming the first NaN or infinite score
 * @example
 * ccrAtFpr({ scores: [0.1, 0.4], predicted: [3, 5], labels: [3, 5] }, [0.35, 0.8], { fpr: 0.5 }); // 1
 */
export function ccrAtFpr(inside: ClassifiedScores, outScores: Scores, options?: CcrAtFprOptions): number {
  const where = 'ccrAtFpr';
  const { fpr, rule } = readOptions(where, options, OPTIONS);
  const { curve } = oscrFor(where, inside, outScores);
  // Shares rise from 0, so the last point that is no worse than the ones before is the loosest of its share.
  let chosen = 0;
  for (let k = 1; k < curve.fpr.length; k++) {
    const [share, best] = [curve.fpr[k]!, curve.fpr[chosen]!];
    const better = rule === 'nearest' ? share === best || Math.abs(share - fpr) < Math.abs(best - fpr) : share <= fpr;
    if (better) chosen = k;
  }
  return curve.ccr[chosen]!;
}
