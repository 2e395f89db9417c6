import { ArgumentError } from '../../core/errors';

/** How many of D features are kept when a share of them is pruned: D - round(D share), halves to even; at least 1. */
export function keptCount(size: number, share: number): number {
  const pruned = size * share;
  const low = Math.floor(pruned);
  const isHalf = pruned - low === 0.5;
  return Math.max(1, size - (isHalf ? low + (low % 2) : Math.round(pruned)));
}

/** Sets all but the `kept` largest features of a row to 0; of equal ones at the cut the first are kept. */
export function keepLargest(row: Float32Array, kept: number): void {
  const cut = row.slice().sort()[row.length - kept]!;
  let equal = kept;
  for (const value of row) if (value > cut) equal--;
  for (let i = 0; i < row.length; i++) {
    if (row[i]! > cut || (row[i] === cut && equal-- > 0)) continue;
    row[i] = 0;
  }
}

export const sumOf = (row: Float32Array): number => row.reduce((sum, value) => sum + value, 0);

/**
 * exp(sum of all / sum of the largest), the factor of ASH-S and SCALE; 1 for a row of zeros, which no factor changes.
 *
 * @throws ArgumentError where the largest add up to 0 or less: such features come from no ReLU, and the factor has no
 *   meaning
 */
export function sharpening(where: string, index: number, all: number, largest: number): number {
  if (largest > 0) return Math.exp(all / largest);
  if (largest === 0 && all === 0) return 1;
  const expected = 'activations of a ReLU (the largest with a sum above 0)';
  throw new ArgumentError(where, 'features', expected, `a sum of ${largest} at row ${index}`);
}
