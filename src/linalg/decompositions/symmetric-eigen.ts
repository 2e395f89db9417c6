import { EVD, Matrix } from 'ml-matrix';
import type { Pause } from '../../core/pauses';
import { makeKernel, type SimdKernel } from '../kernels/float64-kernel';
import { eigenFunctions, PANEL_ROWS, PANEL_STEP } from '../kernels/eigen-functions';

/** Eigenvalues [D] in no order, and number `row` of the unit eigenvector of each. */
export interface SymmetricEigen {
  values: Float64Array;
  vector(row: number, eigenvalue: number): number;
}

/** Rotations of one pass of the iteration. */
interface Sweep {
  from: number;
  /** Cosines and sines in turns. */
  pairs: Float64Array;
  count: number;
}

type EigenKernel = SimdKernel<keyof ReturnType<typeof eigenFunctions>>;

/** Rotations that are found before the eigenvectors are turned by them: 1 MiB. */
const BATCH = 2 ** 16;
/** A square, beside 1, that is below all rounding and too small to divide by. */
const NOTHING = 1e-280;

/**
 * Eigenvalues and eigenvectors of a symmetric matrix [D, D], float64.
 *
 * Householder's reduction to a tridiagonal matrix and the implicit QL iteration (Martin, Reinsch, Wilkinson, Numerische
 * Mathematik 11 and 12, 1968). The eigenvectors are turned by many rotations at once, eight rows at a time: these stay
 * in a cache.
 */
export async function symmetricEigen(matrix: Float64Array, size: number, pause: Pause): Promise<SymmetricEigen> {
  const kernel = makeKernel(eigenFunctions()); // a fresh one: its memory, twice the matrix, is freed afterwards
  await pause();
  return kernel ? eigenBy(kernel, matrix, size, pause) : plainEigen(matrix, size);
}

/** In one piece, by a library. */
function plainEigen(matrix: Float64Array, size: number): SymmetricEigen {
  const { realEigenvalues, eigenvectorMatrix } = new EVD(Matrix.from1DArray(size, size, matrix), {
    assumeSymmetric: true,
  });
  return { values: Float64Array.from(realEigenvalues), vector: (row, at) => eigenvectorMatrix.get(row, at) };
}

async function eigenBy(kernel: EigenKernel, matrix: Float64Array, size: number, pause: Pause): Promise<SymmetricEigen> {
  const width = Math.ceil(size / 2) * 2;
  const panels = Math.ceil(size / PANEL_ROWS);
  const panelBytes = size * PANEL_STEP;
  const [a, v, w, x, p, factors, sweeps, pairs, first] = kernel.areas(
    width * width * 8,
    width * 8,
    width * 8,
    width * 8,
    width * 8,
    width * 8,
    BATCH * 8,
    BATCH * 16,
    panels * panelBytes,
  );
  let scale = 0;
  for (let row = 0; row < size; row++) {
    await pause();
    for (let at = row * size; at < (row + 1) * size; at++) scale = Math.max(scale, Math.abs(matrix[at]!));
  }
  scale ||= 1;
  const inside = kernel.float64(a, width * width).fill(0);
  for (let row = 0; row < size; row++) {
    await pause();
    for (let i = 0; i < size; i++) inside[row * width + i] = matrix[row * size + i]! / scale;
  }
  const { diagonal, beside } = await tridiagonal(kernel, { a, v, w, x, p, factors }, size, width, pause);

  const vectors = kernel.float64(first, panels * size * PANEL_ROWS).fill(0);
  for (let row = 0; row < size; row++) {
    vectors[(row - (row % PANEL_ROWS)) * size + row * PANEL_ROWS + (row % PANEL_ROWS)] = 1;
  }
  const eachPanel = async (visit: (panel: number) => void): Promise<void> => {
    for (let panel = 0; panel < panels; panel++) {
      await pause();
      visit(first + panel * panelBytes);
    }
  };
  if (size > 2) {
    const last = size - 1;
    await eachPanel((panel) =>
      kernel.run.reflect(panel, a + last * width * 8, factors + last * 8, last, size - 2, width * 8),
    );
  }

  const sweepsInside = kernel.int32(sweeps, 2 * BATCH);
  const pairsInside = kernel.float64(pairs, 2 * BATCH);
  let [found, turns] = [0, 0];
  const turn = async (): Promise<void> => {
    await eachPanel((panel) => kernel.run.rotate(panel, sweeps, pairs, found));
    [found, turns] = [0, 0];
  };
  for (const { from, pairs: own, count } of qlIteration(diagonal, beside)) {
    await pause();
    if (turns + count > BATCH) await turn();
    sweepsInside[2 * found] = from * PANEL_STEP;
    sweepsInside[2 * found + 1] = count;
    pairsInside.set(own.subarray(0, 2 * count), 2 * turns);
    found++;
    turns += count;
  }
  await turn();
  return {
    values: diagonal.map((value) => value * scale),
    vector: (row, at) => vectors[(row - (row % PANEL_ROWS)) * size + at * PANEL_ROWS + (row % PANEL_ROWS)]!,
  };
}

/**
 * Householder's reduction from the last row up: each row i is reflected onto its place i - 1. The vectors stay in the
 * rows of the matrix. The change of the matrix by one reflection is made in the same pass as the product with the
 * vector of the next.
 */
async function tridiagonal(
  kernel: EigenKernel,
  at: Record<'a' | 'v' | 'w' | 'x' | 'p' | 'factors', number>,
  size: number,
  width: number,
  pause: Pause,
): Promise<{ diagonal: Float64Array; beside: Float64Array }> {
  const a = kernel.float64(at.a, width * width);
  const of = (address: number) => kernel.float64(address, width).fill(0);
  const [v, w, x, p, factors] = [of(at.v), of(at.w), of(at.x), of(at.p), of(at.factors)];
  const [diagonal, beside] = [new Float64Array(size), new Float64Array(size)];
  for (let i = size - 1; i > 0; i--) {
    await pause();
    const row = a.subarray(i * width, (i + 1) * width);
    for (let j = 0; j <= i; j++) row[j]! -= v[i]! * w[j]! + w[i]! * v[j]!;
    diagonal[i] = row[i]!;
    const next = row[i - 1]!;
    let square = 0;
    for (let j = 0; j < i - 1; j++) square += row[j]! * row[j]!;
    x.fill(0);
    let factor = 0;
    beside[i] = next;
    if (square > NOTHING) {
      const length = Math.sqrt(square + next * next);
      beside[i] = next > 0 ? -length : length;
      x.set(row.subarray(0, i));
      x[i - 1] = next - beside[i]!;
      factor = 1 / (length * (length + Math.abs(next)));
    }
    kernel.run.updateAndMultiply(at.a, at.v, at.w, at.x, at.p, (i + 1) >> 1, width * 8);
    let product = 0;
    for (let j = 0; j < i; j++) product += p[j]! * x[j]!;
    const middle = (factor * (factor * product)) / 2;
    v.set(x);
    for (let j = 0; j < i; j++) w[j] = factor * p[j]! - middle * x[j]!;
    w.fill(0, i);
    row.set(x);
    factors[i] = factor;
  }
  diagonal[0] = a[0]!;
  return { diagonal, beside };
}

/**
 * Implicit QL iteration on a tridiagonal matrix, which becomes diagonal; `beside[i]` is between i - 1 and i. Each sweep
 * of rotations is given out: it turns columns `from` and `from` - 1 into each other, then the two below, and so on; its
 * numbers are good until the next.
 */
function* qlIteration(d: Float64Array, beside: Float64Array): Generator<Sweep> {
  const size = d.length;
  const e = new Float64Array(size);
  e.set(beside.subarray(1));
  const pairs = new Float64Array(2 * size);
  for (let low = 0; low < size; low++) {
    for (;;) {
      let end = low;
      // NaN: done
      while (end < size - 1 && Math.abs(e[end]!) > 2 ** -53 * (Math.abs(d[end]!) + Math.abs(d[end + 1]!))) end++;
      if (end === low) break;
      let g = (d[low + 1]! - d[low]!) / (2 * e[low]!);
      let r = Math.hypot(g, 1);
      g = d[end]! - d[low]! + e[low]! / (g + (g < 0 ? -r : r));
      let [s, c, shift, count] = [1, 1, 0, 0];
      let i = end - 1;
      for (; i >= low; i--) {
        const f = s * e[i]!;
        const b = c * e[i]!;
        const squares = f * f + g * g;
        r = squares > NOTHING ? Math.sqrt(squares) : Math.hypot(f, g);
        e[i + 1] = r;
        if (r === 0) {
          d[i + 1]! -= shift;
          e[end] = 0;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1]! - shift;
        r = (d[i]! - g) * s + 2 * c * b;
        shift = s * r;
        d[i + 1] = g + shift;
        g = c * r - b;
        pairs[2 * count] = c;
        pairs[2 * count++ + 1] = s;
      }
      if (count > 0) yield { from: end, pairs, count };
      if (i >= low) continue;
      d[low]! -= shift;
      e[low] = g;
      e[end] = 0;
    }
  }
}
