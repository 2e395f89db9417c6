/** What rounding leaves of a sum of squares that is 0, relative to what it was made of. */
const ROUNDING = 1e-9;

const largest = (numbers: Float64Array): number => numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/**
 * Where a number below 0 stands on the diagonal of scatter matrices [., D, D], by more than the rounding of sums that
 * were moved from one center to another; -1 where none does.
 */
export function negativeSquare(
  scatters: Float64Array,
  size: number,
  counts: Float64Array,
  centers: Float64Array,
): number {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const least = -ROUNDING * Math.max(largest(scatters), rows * largest(centers) ** 2);
  return scatters.findIndex((value, at) => value < least && Math.floor(at / size) % size === at % size);
}
