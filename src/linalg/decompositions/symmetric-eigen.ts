import { EVD, Matrix } from 'ml-matrix';
import type { Pause } from '../../core/pauses';
import { eigenFunctions } from '../kernels/eigen-functions';
import { makeKernel } from '../kernels/float64-kernel';
import { triangleLength } from '../kernels/kernel-triangle';
import { TILE } from '../kernels/tile';
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

/**
 * Eigenvalues and eigenvectors of a symmetric matrix [D, D], float64; its lower triangle is read.
 *
 * A tridiagonal matrix by reflections, its eigenvectors by halves, and the reflections of these: all of it in blocks
 * but for one product with the matrix a row. O(D^3), vectors that are not asked for take less. Memory of the matrix,
 * half of it, and the vectors asked for.
 */
export async function symmetricEigen(matrix: Float64Array, size: number, pause: Pause): Promise<SymmetricEigen> {
  const kernel = makeKernel((functions ??= eigenFunctions())); // a fresh one: its memory is freed afterwards
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

/** Addresses of areas of so many bytes; those of the same first ones are the same. */
function placed<Area extends string>(kernel: EigenKernel, bytes: Record<Area, number>): Record<Area, number> {
  const addresses: number[] = kernel.areas(...Object.values<number>(bytes));
  return Object.fromEntries(Object.keys(bytes).map((area, i) => [area, addresses[i]])) as Record<Area, number>;
}

async function eigenBy(kernel: EigenKernel, matrix: Float64Array, size: number, pause: Pause): Promise<SymmetricEigen> {
  const { even, ...kept } = { triangle: 8 * triangleLength(size), ...roomForEigen(size) };
  const { triangle, form: formRoom } = placed(kernel, { triangle: kept.triangle, form: roomForForm(size) });
  const scale = await packScaled(kernel.float64(triangle, triangleLength(size)), matrix, size, pause);
  const form = await tridiagonalForm(kernel, triangle, formRoom, size, pause);
  if (!form.diagonal.every(Number.isFinite) || !form.beside.every(Number.isFinite)) return unknown(size);
  const { values, vectors } = await tridiagonalEigen(kernel, placed(kernel, { ...kept, even }), form, pause);
  const panelLength = TILE * TILE * Math.ceil(size / TILE);
  return {
    values: values.map((value) => value * scale),
    async vectors(from, to) {
      const count = to - from;
      const groups = Math.ceil(count / TILE);
      const more = { vectors: 8 * groups * panelLength, turning: roomForTurning(size) };
      const { vectors: address, turning } = placed(kernel, { ...kept, ...more });
      await vectors(address, from, to);
      await turnBack(kernel, triangle, turning, address, [size, groups], form.factors, pause);
      const panels = kernel.float64(address, groups * panelLength);
      const all = new Float64Array(size * count);
      for (let row = 0; row < size; row++) {
        await pause();
        unpackRow(all.subarray(row * count, (row + 1) * count), panels.subarray(TILE * row), panelLength);
      }
      return all;
    },
  };
}

/** A place of all vectors, of which every four lie in a panel. */
function unpackRow(row: Float64Array, panels: Float64Array, panelLength: number): void {
  for (let at = 0, from = 0; at < row.length; at += TILE, from += panelLength) {
    const now = Math.min(TILE, row.length - at);
    for (let i = 0; i < now; i++) row[at + i] = panels[from + i]!;
  }
}

/** Of a matrix that is not finite. */
const unknown = (size: number): SymmetricEigen => ({
  values: new Float64Array(size).fill(NaN),
  vectors: (from, to) => Promise.resolve(new Float64Array(size * (to - from)).fill(NaN)),
});

/** The lower triangle over its largest number, which is given back: panels of four rows, their last tiles whole. */
async function packScaled(packed: Float64Array, matrix: Float64Array, size: number, pause: Pause): Promise<number> {
  let scale = 0;
  for (let row = 0; row < size; row++) {
    await pause();
    scale = Math.max(scale, largestOf(matrix.subarray(row * size, row * size + row + 1)));
  }
  scale ||= 1;
  for (let top = 0, start = 0; top < size; top += TILE) {
    await pause();
    const length = TILE * (top + TILE);
    packPanel(packed.subarray(start, start + length), matrix, size, top, scale);
    start += length;
  }
  return scale;
}

function largestOf(row: Float64Array): number {
  let most = 0;
  for (let i = 0; i < row.length; i++) most = Math.max(most, Math.abs(row[i]!));
  return most;
}

/** Four rows, columns beside each other up to the diagonal, and the last four numbers of each mirrored. */
function packPanel(panel: Float64Array, matrix: Float64Array, size: number, top: number, scale: number): void {
  panel.fill(0);
  const rows = Math.min(TILE, size - top);
  for (let i = 0; i < rows; i++) {
    const from = (top + i) * size;
    for (let column = 0, to = i; column <= top + i; column++, to += TILE) panel[to] = matrix[from + column]! / scale;
    for (let j = 0; j < i; j++) panel[(top + i) * TILE + j] = panel[(top + j) * TILE + i]!;
  }
}
