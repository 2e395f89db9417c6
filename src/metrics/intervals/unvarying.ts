import { twoSidedPValue } from './two-sided-p-value';

/**
 * What samples tell where none differs from another, so that a standard error of 0 would claim certainty.
 *
 * Split the samples into pairs of one in-distribution and one OoD sample: k = min(N, M) pairs are independent, and all
 * had the same value. Of a mean m over all pairs so many equal ones have at most a probability of P(value)^k, which is
 * largest where every other pair has the value at the far end: (m / value)^k from below, ((1 - m) / (1 - value))^k from
 * above, for values in [0, 1]. Of pairs all in order (1) that is Clopper, Pearson, Biometrika 26 (1934).
 *
 * @returns limits of the mean
 */
export function unvaryingLimits(value: number, pairs: number, confidence: number): [lower: number, upper: number] {
  const factor = ((1 - confidence) / 2) ** (1 / pairs);
  return [value * factor, 1 - (1 - value) * factor];
}

/** What is known of a difference, a mean of pairs in [-1, 1], without a standard error. */
export interface BoundedDifference {
  z: number;
  pValue: number;
  lower: number;
  upper: number;
}

/** The z with this two-sided p-value, by halving. */
function zOf(pValue: number): number {
  let [low, high] = [0, 40];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (twoSidedPValue(middle) > pValue) low = middle;
    else high = middle;
  }
  return low;
}

/** Kullback-Leibler divergence of two shares. */
function divergence(of: number, from: number): number {
  const part = (p: number, q: number) => (p === 0 ? 0 : p * Math.log(p / q));
  return part(of, from) + part(1 - of, 1 - from);
}

/**
 * Two-sided p-value and limits of a difference of AUROCs, where no sample's part in it differs from another's: bounds
 * that hold for any detectors.
 *
 * @param pairs independent ones, min(N, M)
 * @param isOfEach whether each single pair has this difference ({@link unvaryingLimits}); else only its mean over all
 *   pairs is known, for which there is a wider bound: Hoeffding, JASA 58 (1963), theorem 1 and section 5
 */
export function boundedDifference(
  difference: number,
  pairs: number,
  confidence: number,
  isOfEach: boolean,
): BoundedDifference {
  const share = (1 + difference) / 2; // of [-1, 1]
  /** At most so probable are samples like these, or further out, if the mean is `mean`. */
  const tail = (mean: number): number => {
    if (!isOfEach) return Math.exp(-pairs * divergence(share, mean));
    return mean < share ? (mean / share) ** pairs : ((1 - mean) / (1 - share)) ** pairs;
  };
  const isNone = Math.abs(difference) < 2 ** -50;
  // Never 0, which nothing that was only sampled has: of thousands of pairs the bound is below the smallest number.
  const pValue = isNone ? 1 : Math.min(1, Math.max(2 * tail(0.5), Number.MIN_VALUE));
  const level = (1 - confidence) / 2;
  const end = (far: number): number => {
    let [outside, inside] = [far, share];
    for (let i = 0; i < 60; i++) {
      const middle = (outside + inside) / 2;
      if (tail(middle) < level) outside = middle;
      else inside = middle;
    }
    return inside;
  };
  const [lower, upper] = isOfEach ? unvaryingLimits(share, pairs, confidence) : [end(0), end(1)];
  return { z: Math.sign(difference) * zOf(pValue), pValue, lower: 2 * lower - 1, upper: 2 * upper - 1 };
}
