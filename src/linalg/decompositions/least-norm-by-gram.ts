import type { Pause } from '../../core/pauses';
import { withPauses } from '../../core/steps';
import { float64Kernel, withOwnKernel } from '../kernels/float64-kernel';
import { factorBy } from '../kernels/kernel-triangle';
import { mirroring } from '../mirror';
import { addingOuterProducts } from '../scatter-products';

/** What a refinement leaves of the step before it, at most: else the factor is too far off to be mended. */
const FALL = 1e-2;
/** A step of this share of x is rounding; where steps no longer fall, one of the larger share is, by the condition. */
const [ROUNDING, OF_CONDITION] = [2 ** -50, 2 ** -30];
const MOST_STEPS = 8;

/**
 * The smallest x [D] of those that make ||A x - b|| least, for A [C, D] of full rank, by the Cholesky factor of the
 * smaller Gram matrix, A A^T or A^T A, and refinement of x by what is left of b (Björck, Numerical Methods for Least
 * Squares Problems, 2.9.3). C D min(C, D) multiplications of the float64 kernel, where reflections take four times as
 * many of plain JavaScript.
 *
 * @returns `undefined` where the refinement does not end in rounding, since A has a lower rank or a condition beyond
 *   some 1e6, or where the kernel does not run
 */
export async function leastNormByGram(
  matrix: Float64Array,
  [count, size]: readonly [number, number],
  b: Float64Array,
  pause: Pause,
): Promise<Float64Array | undefined> {
  if (!float64Kernel()) return undefined;
  const isWide = count <= size;
  const side = Math.min(count, size);
  const gram = new Float64Array(side * side);
  const rows = isWide ? await transposed(matrix, [count, size], pause) : matrix;
  await withPauses(addingOuterProducts(gram, rows, side), pause);
  await withPauses(mirroring(gram, side), pause);
  const deviations = Float64Array.from({ length: side }, (_, i) => Math.sqrt(gram[i * side + i]!));
  if (!deviations.every((deviation) => deviation > 0 && Number.isFinite(deviation))) return undefined;
  const factor = new Float64Array(side * side);
  const least = 16 * side * 2 ** -52;
  if ((await withOwnKernel((lent) => factorBy(lent, factor, gram, deviations, least, pause))) >= 0) return undefined;

  const x = new Float64Array(size);
  const left = b.slice();
  let before = Infinity;
  for (let step = 0; step < MOST_STEPS; step++) {
    await pause();
    const change = isWide
      ? turned(matrix, [count, size], solved(factor, left))
      : solved(factor, turned(matrix, [count, size], left));
    change.forEach((value, i) => (x[i]! += value));
    const [length, moved] = [lengthOf(x), lengthOf(change)];
    if (!(moved > ROUNDING * length)) return Number.isFinite(length) ? x : undefined;
    if (step > 0 && !(moved <= FALL * before)) return moved <= OF_CONDITION * length ? x : undefined;
    before = moved;
    for (let c = 0; c < count; c++) {
      let sum = b[c]!;
      for (let i = 0, at = c * size; i < size; i++, at++) sum -= matrix[at]! * x[i]!;
      left[c] = sum;
    }
  }
  return undefined;
}

const lengthOf = (x: Float64Array): number => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));

async function transposed(matrix: Float64Array, [count, size]: readonly [number, number], pause: Pause) {
  const turned = new Float64Array(matrix.length);
  for (let i = 0, at = 0; i < size; i++) {
    await pause();
    for (let c = 0; c < count; c++) turned[at++] = matrix[c * size + i]!;
  }
  return turned;
}

/** A^T y. */
function turned(matrix: Float64Array, [count, size]: readonly [number, number], y: Float64Array): Float64Array {
  const product = new Float64Array(size);
  for (let c = 0, at = 0; c < count; c++) {
    const own = y[c]!;
    for (let i = 0; i < size; i++, at++) product[i]! += own * matrix[at]!;
  }
  return product;
}

/** (L L^T)^-1 y. */
function solved(factor: Float64Array, y: Float64Array): Float64Array {
  const side = y.length;
  const x = y.slice();
  for (let i = 0; i < side; i++) {
    let sum = x[i]!;
    for (let j = 0, at = i * side; j < i; j++, at++) sum -= factor[at]! * x[j]!;
    x[i] = sum / factor[i * side + i]!;
  }
  for (let i = side - 1; i >= 0; i--) {
    const own = (x[i]! /= factor[i * side + i]!);
    for (let j = 0, at = i * side; j < i; j++, at++) x[j]! -= own * factor[at]!;
  }
  return x;
}
