import { check, FLAG, SHARE_OR_ALL } from '../core/check';
import type { Declared } from '../core/read-options';
import type { Scores } from '../core/scores';
import type { RankedScores } from './cumulative-counts';
import { operatingPoints, POSITIVE_OUT, type PositiveOption } from './operating-points';
import { rankedWithOptions, type MetricArguments } from './ranked-arguments';

/** Options of {@link partialAuroc}. */
export interface PartialAurocOptions extends PositiveOption {
  /** The false positive rate up to which the curve counts, in (0, 1]. */
  maxFpr: number;
  /**
   * `true` (default): brought to [0.5, 1] for curves from chance to perfect, after McClish. `false`: the area itself.
   */
  standardized?: boolean;
}

const OPTIONS = {
  ...POSITIVE_OUT,
  maxFpr: [SHARE_OR_ALL],
  standardized: [FLAG, true],
} as const satisfies Declared<PartialAurocOptions>;

/**
 * Area under the ROC curve up to a false positive rate, for detectors that may raise few false alarms.
 *
 * Straight lines between the points, also where `maxFpr` cuts one. Standardized 0.5 is chance and 1 perfect, whatever
 * `maxFpr`; the area itself lies between 0 and `maxFpr`. The side matters here: `positive: 'out'` (default) looks where
 * few in-distribution samples raise an alarm, `'in'` where few OoD samples pass.
 *
 * Source: McClish, Medical Decision Making 9 (1989); the same numbers as scikit-learn's `roc_auc_score` with `max_fpr`.
 *
 * @param inScores in-distribution scores [N], higher = more out of distribution
 * @param outScores OoD scores [M]
 * @throws ArgumentError for an empty side, a `maxFpr` outside (0, 1] or an unknown side; NotFiniteError naming the
 *   first NaN or infinite score
 * @example
 * partialAuroc([0.1, 0.4], [0.35, 0.8], { maxFpr: 0.5 }); // 0.6667
 */
export function partialAuroc(inScores: Scores, outScores: Scores, options: PartialAurocOptions): number;
/**
 * The same of scores that are ranked already.
 *
 * @param ranked what `rankScores` gives
 * @example
 * partialAuroc(rankScores([0.1, 0.4], [0.35, 0.8]), { maxFpr: 0.5 }); // 0.6667
 */
export function partialAuroc(ranked: RankedScores, options: PartialAurocOptions): number;
export function partialAuroc(...given: MetricArguments<PartialAurocOptions>): number {
  const where = 'partialAuroc';
  const { ranked, options } = rankedWithOptions(where, given, OPTIONS);
  const { maxFpr, positive, standardized } = options;
  check(where, 'maxFpr', maxFpr, SHARE_OR_ALL);
  const { positives, negatives, truePositives, falsePositives } = operatingPoints(ranked, positive);
  const limit = maxFpr * negatives;
  let [doubled, found, alarms] = [0, 0, 0];
  for (let k = 0; k < truePositives.length && alarms < limit; k++) {
    const width = Math.min(falsePositives[k]!, limit) - alarms;
    if (width > 0) {
      const share = width / (falsePositives[k]! - alarms); // less than 1 where the limit cuts the last step
      doubled += width * (2 * found + share * (truePositives[k]! - found));
    }
    [found, alarms] = [truePositives[k]!, falsePositives[k]!];
  }
  const area = doubled / 2 / positives / negatives;
  if (!standardized) return area;
  const [chance, perfect] = [maxFpr ** 2 / 2, maxFpr];
  return (1 + (area - chance) / (perfect - chance)) / 2;
}
