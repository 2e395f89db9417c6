import { EVD, Matrix } from 'ml-matrix';
import type { Pause } from '../../core/pauses';
import { eigenFunctions } from '../kernels/eigen-functions';
import { makeKernel } from '../kernels/float64-kernel';
import { triangleLength } from '../kernels/kernel-triangle';
import { STEP_BYTES, TILE } from '../kernels/tile';
import { roomForEigen, tridiagonalEigen } from './tridiagonal-eigen';
import { roomForForm, roomForTurning, tridiagonalForm, turnBack, type EigenKernel } from './tridiagonal-form';

/** Eigenvalues of a symmetric matrix [D, D], and eigenvectors when they are asked for. */
export interface SymmetricEigen {
  /** Ascending [D]. */
  values: Float64Array;
  /** Unit eigenvectors number `from` to `to` - 1 as columns [D, to - from]. */
  vectors(from: number, to: number): Promise<Float64Array>;
}

let functions: ReturnType<typeof eigenFunctions> | undefined;

/** A kernel of its own memory, which is freed with it. */
export const makeEigenKernel = (): EigenKernel | undefined => makeKernel((functions ??= eigenFunctions()));

/**
 * Eigenvalues and eigenvectors of a symmetric matrix [D, D], float64; its lower triangle is read.
 *
 * A tridiagonal matrix by reflections, its eigenvectors by halves, and the reflections of these: all of it in blocks
 * but for one product with the matrix a row. O(D^3), vectors that are not asked for take less. Memory of the matrix,
 * half of it, and the vectors asked for.
 */
export async function symmetricEigen(matrix: Float64Array, size: number, pause: Pause): Promise<SymmetricEigen> {
  const kernel = makeEigenKernel();
  await pause();
  return kernel ? eigenBy(kernel, matrix, size, pause) : plainEigen(matrix, size);
}

/** In one piece, by a library. */
function plainEigen(matrix: Float64Array, size: number): SymmetricEigen {
  const { realEigenvalues, eigenvectorMatrix } = new EVD(Matrix.from1DArray(size, size, matrix), {
    assumeSymmetric: true,
  });
  const order = Array.from(realEigenvalues.keys()).sort((a, b) => realEigenvalues[a]! - realEigenvalues[b]!);
  return {
    values: Float64Array.from(order, (at) => realEigenvalues[at]!),
    vectors: (from, to) =>
      Promise.resolve(
        Float64Array.from({ length: size * (to - from) }, (_, at) =>
          eigenvectorMatrix.get(Math.floor(at / (to - from)), order[from + (at % (to - from))]!),
        ),
      ),
  };
}

async function eigenBy(kernel: EigenKernel, matrix: Float64Array, size: number, pause: Pause): Promise<SymmetricEigen> {
  const triangleBytes = 8 * triangleLength(size);
  const [triangle, formRoom] = kernel.areas(triangleBytes, roomForForm(size));
  const scale = await packScaled(kernel.float64(triangle, triangleLength(size)), matrix, size, pause);
  const form = await tridiagonalForm(kernel, triangle, formRoom, size, pause);
  if (!form.diagonal.every(Number.isFinite) || !form.beside.every(Number.isFinite)) return unknown(size);
  const need = roomForEigen(size);
  // What even depths held is free when all vectors are made.
  const [, weights, odd, even] = kernel.areas(triangleBytes, need.weights, need.odd, need.even);
  const { values, vectors } = await tridiagonalEigen(kernel, { weights, odd, even }, form, pause);
  const panelBytes = STEP_BYTES * TILE * Math.ceil(size / TILE);
  return {
    values: values.map((value) => value * scale),
    async vectors(from, to) {
      const count = to - from;
      const groups = Math.ceil(count / TILE);
      const [, , , own, turnRoom] = kernel.areas(
        triangleBytes,
        need.weights,
        need.odd,
        groups * panelBytes,
        roomForTurning(size),
      );
      await vectors(own, from, to);
      await turnBack(kernel, triangle, turnRoom, own, [size, groups], form.factors, pause);
      const panels = kernel.float64(own, (groups * panelBytes) / 8);
      const all = new Float64Array(size * count);
      for (let at = 0; at < count; at++) {
        await pause();
        const start = (Math.floor(at / TILE) * panelBytes) / 8 + (at % TILE);
        for (let row = 0; row < size; row++) all[row * count + at] = panels[start + row * TILE]!;
      }
      return all;
    },
  };
}

/** Of a matrix that is not finite. */
const unknown = (size: number): SymmetricEigen => ({
  values: new Float64Array(size).fill(NaN),
  vectors: (from, to) => Promise.resolve(new Float64Array(size * (to - from)).fill(NaN)),
});

/** The lower triangle over the largest number, which is given back, in panels of four rows; the last tiles are whole. */
async function packScaled(
  packed: Float64Array,
  matrix: Float64Array,
  size: number,
  pause: Pause,
): Promise<number> {
  let scale = 0;
  for (let row = 0; row < size; row++) {
    await pause();
    for (let at = row * size; at <= row * size + row; at++) scale = Math.max(scale, Math.abs(matrix[at]!));
  }
  scale ||= 1;
  packed.fill(0);
  for (let row = 0, start = 0; row < size; row++) {
    await pause();
    const top = row - (row % TILE);
    for (let column = 0, at = start + (row % TILE); column <= row; column++, at += TILE) {
      packed[at] = matrix[row * size + column]! / scale;
    }
    for (let column = top; column < row; column++) {
      packed[start + TILE * row + (column % TILE)] = matrix[row * size + column]! / scale;
    }
    if (row % TILE === TILE - 1) start += TILE * (top + TILE);
  }
  return scale;
}
