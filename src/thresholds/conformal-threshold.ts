import { checkRate, checkScores, type Scores } from '../scores';
import { sortScores } from '../sort-scores';

/** A cut-point and what it promises: `score > threshold` means out of distribution. */
export interface ConformalThreshold {
  /** Infinity where there are too few calibration scores for this alpha: then nothing is called OoD. */
  threshold: number;
  /** The false-alarm rate that was asked for. */
  alpha: number;
  /** Calibration scores. */
  count: number;
  /** The smallest alpha that so many calibration scores allow: 1 / (count + 1). */
  smallestAlpha: number;
  /** Says so where the threshold is infinite. */
  warning?: string;
}

/**
 * Threshold from in-distribution scores alone, whose false-alarm rate on exchangeable new data is at most `alpha`.
 *
 * It is the k-th smallest calibration score, k = ceil((n + 1)(1 - alpha)); no interpolation, which would break the
 * guarantee. A new in-distribution score is above it with probability at most alpha, ties and all, over the draw of the
 * calibration data and the new score together.
 *
 * Source: Vovk, Gammerman, Shafer, "Algorithmic Learning in a Random World" (2005); Lei et al., JASA 113 (2018), section 2.
 *
 * @param calibration in-distribution scores [N] that fitted nothing, higher = more out of distribution
 * @param alpha false-alarm rate in (0, 1)
 * @throws ArgumentError for no score or an alpha outside (0, 1); NotFiniteError naming the first NaN or infinite score
 * @example
 * conformalThreshold([0.1, 0.2, 0.3, 0.4, 0.4, 0.55], 0.2).threshold; // 0.55
 */
export function conformalThreshold(calibration: Scores, alpha: number): ConformalThreshold {
  checkScores('conformalThreshold', 'calibration', calibration);
  checkRate('conformalThreshold', 'alpha', alpha);
  const count = calibration.length;
  const smallestAlpha = 1 / (count + 1);
  // (n + 1)(1 - alpha) in floating point can land a hair above a whole number: 10 * (1 - 0.7) is 3.0000000000000004.
  const rank = Math.ceil((count + 1) * (1 - alpha) - 1e-9);
  if (rank > count) {
    const warning =
      `${count} calibration scores allow no false-alarm rate below ${smallestAlpha.toPrecision(3)}; at alpha ${alpha} ` +
      'nothing is called out of distribution';
    return { threshold: Infinity, alpha, count, smallestAlpha, warning };
  }
  return { threshold: sortScores(calibration)[Math.max(rank, 1) - 1]!, alpha, count, smallestAlpha };
}
