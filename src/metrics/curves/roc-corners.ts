import type { OperatingPoints } from '../operating-points';

/**
 * Whether scikit-learn's `roc_curve` shows that point by default: it leaves out those in the middle of two equal steps.
 * Code that looks for a rate in that curve does not see them.
 */
export function isRocCorner({ truePositives, falsePositives }: OperatingPoints, k: number): boolean {
  if (k === 0 || k === truePositives.length - 1) return true;
  const bend = (counts: Float64Array) => counts[k + 1]! - 2 * counts[k]! + counts[k - 1]!;
  return bend(truePositives) !== 0 || bend(falsePositives) !== 0;
}
