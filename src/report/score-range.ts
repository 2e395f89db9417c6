import type { PageSet } from './page-data';

const BINS = 60;

/** Scores counted in equal bins; the last bin takes all above the range too, the first all below. */
export interface Histogram {
  low: number;
  high: number;
  /** Share of the set's scores in each bin. */
  shares: Float64Array;
}

/**
 * The range in which scores are shown: all of them, but a tail above the 99 % quantile of a set only as far as it is no
 * more than twice as wide as the rest, or a few far images would leave nothing to see.
 */
export function scoreRange(sets: readonly PageSet[]): { low: number; high: number; isCut: boolean } {
  let [low, high] = [Infinity, -Infinity];
  const tops: number[] = [];
  for (const { scores } of sets) {
    const sorted = scores.slice().sort();
    low = Math.min(low, sorted[0]!);
    high = Math.max(high, sorted.at(-1)!);
    tops.push(sorted[Math.floor(0.99 * (sorted.length - 1))]!);
  }
  // Half of the sets and the known one are seen whole.
  tops.sort((a, b) => a - b);
  const reach = low + 2 * (tops[Math.floor((tops.length - 1) / 2)]! - low);
  const end = Math.min(high, reach > low ? reach : high);
  return { low, high: end > low ? end : low + 1, isCut: end < high };
}

export function histogramOf(scores: Float32Array, low: number, high: number): Histogram {
  const shares = new Float64Array(BINS);
  for (const score of scores) {
    const bin = Math.floor(((score - low) / (high - low)) * BINS);
    shares[Math.min(BINS - 1, Math.max(0, bin))]! += 1 / scores.length;
  }
  return { low, high, shares };
}
