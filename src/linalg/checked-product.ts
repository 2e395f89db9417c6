import { backend, getBackend, matMul, type Tensor2D } from '@tensorflow/tfjs-core';
import { packedNumbers, reservePacked } from '../tensors/backend-room';
import { isHalf, roundingUnit } from '../tensors/precision';

/** a b of matrices; an error where wasm has no room for it. */
export function product(a: Tensor2D, b: Tensor2D): Tensor2D {
  if (getBackend() === 'wasm') {
    reservePacked(backend(), b.dataId, packedNumbers(...b.shape) + a.shape[0] * b.shape[1]);
  }
  return matMul(a, b);
}

/**
 * Throws unless one entry of a product is what it should be. A kernel that fails on a GPU or in XNNPACK does so for all
 * of its output, which then holds zeros, or what lay there before: so a few entries speak for all of them, at no cost
 * that could be measured.
 *
 * @param got the entry
 * @param depth of how many terms it is the sum
 * @param term one of them, in float64, of the float32 numbers that were multiplied
 */
export function checkEntry(where: string, got: number, depth: number, term: (i: number) => number): void {
  let [sum, size] = [0, 0];
  for (let i = 0; i < depth; i++) {
    const own = term(i);
    sum += own;
    size += Math.abs(own);
  }
  const [unit, half] = [roundingUnit(), isHalf()];
  // It may have left the backend's range, which is no failure.
  if (!(size < (half ? 2 ** 14 : 2 ** 126)) || (half && !Number.isFinite(got))) return;
  // Any order of summation (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1), twice that for GPUs.
  if (Math.abs(got - sum) <= 4 * (depth + 8) * unit * size + (half ? depth * 2 ** -8 : 2 ** -100)) return;
  throw failedKernel(where, got, sum);
}

export const failedKernel = (where: string, got: number, expected: number): Error =>
  new Error(
    `${where}: the backend '${getBackend()}' failed to make a matrix product (${got} instead of ${expected}); ` +
      'out of memory? Use smaller blocks, fewer rows, or another backend',
  );
