import { SHARE } from '../../core/check';
import { readOptions } from '../../core/read-options';
import type { Scores } from '../../core/scores';
import { checkSameSamples, type DetectorScores } from './detector-scores';
import { cumulativeCounts } from '../cumulative-counts';
import { aurocVariance, placements } from './delong';
import { auroc } from '../auroc';
import { normalQuantile } from './normal-distribution';
import { slotsOf } from './ranked-resample';
import { twoSidedPValue } from './two-sided-p-value';
import { boundedDifference } from './unvarying';

/** Two AUROCs on the same samples, and what their difference is worth. */
export interface AurocComparison {
  /** AUROC of the first detector. */
  first: number;
  /** AUROC of the second one. */
  second: number;
  /** `first - second`. */
  difference: number;
  /** Of the difference; 0 where no sample's part in it differs from another's. */
  standardError: number;
  /** Difference over standard error; where that is 0, the z that has this p-value. */
  z: number;
  /**
   * Probability of so large a difference, either way, if the true AUROCs are equal; where the standard error is 0, a
   * bound of it.
   */
  pValue: number;
  /** Limits of the difference. */
  lower: number;
  upper: number;
  confidence: number;
}

/** The AUROC of one detector and what each sample adds to it. */
function components(where: string, { inScores, outScores }: DetectorScores) {
  const ranked = cumulativeCounts(where, inScores, outScores);
  const { ofIn, ofOut } = placements(ranked);
  const ofEach = (scores: Scores, of: Float64Array) => Float64Array.from(slotsOf(ranked, scores), (slot) => of[slot]!);
  // Scores all equal, or separated: each pair of samples adds the same.
  const isOfEach = aurocVariance(ranked).variance === 0;
  return { auroc: auroc(ranked), isOfEach, ofIn: ofEach(inScores, ofIn), ofOut: ofEach(outScores, ofOut) };
}

/**
 * Whether a variance of a mean is what rounding leaves of 0: parts are multiples of 1 / 2N or 1 / 2M, other variances
 * far larger.
 */
const isNothing = (variance: number, { ofIn, ofOut }: { ofIn: Float64Array; ofOut: Float64Array }): boolean =>
  variance < 2 ** -100 * (1 / ofIn.length + 1 / ofOut.length);

/** Variance of the mean of `first[i] - second[i]`, whose mean is known. */
function varianceOfMean(first: Float64Array, second: Float64Array, mean: number): number {
  let squares = 0;
  for (let i = 0; i < first.length; i++) squares += (first[i]! - second[i]! - mean) ** 2;
  return squares / (first.length - 1) / first.length;
}

/**
 * Tests whether two detectors differ in AUROC on the same samples: DeLong's paired test.
 *
 * Row i of both is the same sample; what makes it hard for both cancels, so the test sees smaller differences than two
 * intervals do. Where the difference varies over no sample, such as of a perfect detector and one whose scores are all
 * equal, the standard error is 0, which says nothing of the next samples. p-value and limits are then bounds that hold
 * for any detectors, by min(N, M) independent pairs of samples: 2 (1 + |d|)^-min(N, M) for a difference of d in each
 * pair (of 2 + 2 samples 0.89, of 20 + 20 samples 0.0006). One sample on a side tells nothing: standard error 1, the
 * largest there is, z 0, p-value 1, limits [-1, 1].
 *
 * Source: DeLong, DeLong, Clarke-Pearson, Biometrics 44 (1988); Sun, Xu, IEEE Signal Processing Letters 21 (2014).
 *
 * @param first scores of a detector: `inScores` [N], `outScores` [M], higher = more out of distribution
 * @param second scores of another one for the same samples in the same order
 * @param options `confidence` of the limits, default 0.95
 * @throws ShapeError where the two have not as many samples; ArgumentError for an empty side or a confidence outside
 *   (0, 1); NotFiniteError naming the first NaN or infinite score
 * @example
 * const [inScores, outScores] = [[0.1, 0.2, 0.4], [0.35, 0.8]];
 * compareAurocs({ inScores, outScores }, { inScores, outScores: [0.15, 0.3] }).difference; // 0.3333
 */
export function compareAurocs(
  first: DetectorScores,
  second: DetectorScores,
  options?: { confidence?: number },
): AurocComparison {
  const where = 'compareAurocs';
  const { confidence } = readOptions(where, options, { confidence: [SHARE, 0.95] });
  checkSameSamples(where, first, second);
  const [a, b] = [components(where, first), components(where, second)];
  const difference = a.auroc - b.auroc;
  const aurocs = { first: a.auroc, second: b.auroc, difference, confidence };
  if (a.ofIn.length === 1 || a.ofOut.length === 1) {
    return { ...aurocs, standardError: 1, z: 0, pValue: 1, lower: -1, upper: 1 };
  }
  const variance = varianceOfMean(a.ofIn, b.ofIn, difference) + varianceOfMean(a.ofOut, b.ofOut, difference);
  if (isNothing(variance, a)) {
    const pairs = Math.min(a.ofIn.length, a.ofOut.length);
    const bounds = boundedDifference(difference, pairs, confidence, a.isOfEach && b.isOfEach);
    return { ...aurocs, standardError: 0, ...bounds };
  }
  const standardError = Math.sqrt(variance);
  const z = difference === 0 ? 0 : difference / standardError;
  const reach = normalQuantile((1 + confidence) / 2) * standardError;
  const [lower, upper] = [Math.max(-1, difference - reach), Math.min(1, difference + reach)];
  return { ...aurocs, standardError, z, pValue: twoSidedPValue(z), lower, upper };
}
