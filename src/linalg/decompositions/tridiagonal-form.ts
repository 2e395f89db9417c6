import type { Pause } from '../../core/pauses';
import type { SimdKernel } from '../kernels/float64-kernel';
import type { eigenFunctions } from '../kernels/eigen-functions';
import { triangleLength } from '../kernels/kernel-triangle';
import { STEP_BYTES, TILE, TILE_BYTES } from '../kernels/tile';
import { NOTHING } from './implicit-ql';

export type EigenKernel = SimdKernel<keyof ReturnType<typeof eigenFunctions>>;

/** Reflections of which the change of the rest of the matrix is made at once. */
const BLOCK = 32;
/** Panels of four reflections that are joined to one product, and groups of four vectors that stay in a cache. */
const [JOINED, GROUPS] = [16, 16];
/** Multiplications between two pauses, in some 10 ms. */
const AT_ONCE = 2 ** 26;

const startOf = (panel: number): number => ((panel * (panel + 1)) / 2) * TILE_BYTES;

/** A tridiagonal matrix T [D, D] and factors b of reflections 1 - b v v^T, the vectors v in the triangle. */
export interface TridiagonalForm {
  diagonal: Float64Array;
  /** `beside[i]` is between i - 1 and i. */
  beside: Float64Array;
  factors: Float64Array;
}

/** Bytes that {@link tridiagonalForm} works with, beside the triangle. */
export const roomForForm = (size: number): number => 8 * (3 + 6 * BLOCK) * TILE * Math.ceil(size / TILE) + 64 * BLOCK;

/**
 * Householder's reduction of a symmetric matrix, its lower triangle in panels of four rows at `triangle`: from the last
 * row up each row i is reflected onto its place i - 1, and the vector takes its place. By blocks of rows (Dongarra,
 * Hammarling, Sorensen, J. Comput. Appl. Math. 27, 1989): within one only the products with the rest of the matrix are
 * taken.
 */
export async function tridiagonalForm(
  kernel: EigenKernel,
  triangle: number,
  room: number,
  size: number,
  pause: Pause,
): Promise<TridiagonalForm> {
  const width = Math.ceil(size / TILE) * TILE;
  const rowBytes = 8 * width;
  const [rowAt, xAt, pAt, stack] = [room, room + rowBytes, room + 2 * rowBytes, room + 3 * rowBytes];
  const columns = stack + 2 * BLOCK * rowBytes;
  const rows = columns + 2 * BLOCK * rowBytes;
  const factorsAt = rows + 2 * BLOCK * rowBytes;
  const a = kernel.float64(triangle, triangleLength(size));
  const [row, x, p] = [rowAt, xAt, pAt].map((at) => kernel.float64(at, width).fill(0)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  /** Two rows a reflection: v and w of A -= v w^T + w v^T. */
  const pairs = kernel.float64(stack, 2 * BLOCK * width);
  const dots = kernel.float64(factorsAt, 2 * BLOCK);
  const [diagonal, beside, factors] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];

  for (let end = size, first: number; end > 0; end = first) {
    first = Math.floor((end - 1) / BLOCK) * BLOCK;
    pairs.fill(0);
    let count = 0;
    for (let i = end - 1; i >= first; i--) {
      await pause();
      const from = startOf(Math.floor(i / TILE)) / 8 + (i % TILE);
      for (let j = 0; j <= i; j++) row[j] = a[from + TILE * j]!;
      const [half, groups] = [(i + 2) >> 1, Math.ceil(count / 2)];
      if (count > 0) {
        dots.fill(0);
        for (let k = 0; k < count; k++) {
          dots[2 * k] = pairs[(2 * k + 1) * width + i]!;
          dots[2 * k + 1] = pairs[2 * k * width + i]!;
        }
        kernel.run.subtractRows(stack, factorsAt, rowAt, groups, half, rowBytes);
      }
      row.fill(0, i + 1);
      diagonal[i] = row[i]!;
      const next = i > 0 ? row[i - 1]! : 0;
      beside[i] = next;
      let square = 0;
      for (let j = 0; j < i - 1; j++) square += row[j]! * row[j]!;
      const isReflected = square > NOTHING;
      if (isReflected) {
        const length = Math.sqrt(square + next * next);
        beside[i] = next > 0 ? -length : length;
        row[i - 1] = next - beside[i]!;
        factors[i] = 1 / (length * (length + Math.abs(next)));
        row[i] = 0;
      } else row.fill(0);
      const whole = TILE * (Math.floor(i / TILE) + 1);
      for (let j = 0; j < whole; j++) a[from + TILE * j] = row[j]!;
      if (!isReflected) continue;
      x.set(row);
      kernel.run.triangleTimes(triangle, xAt, pAt, Math.ceil(i / TILE));
      if (count > 0) {
        kernel.run.rowsTimes(stack, xAt, factorsAt, groups, half, rowBytes);
        for (let k = 0; k < 2 * count; k += 2) [dots[k], dots[k + 1]] = [dots[k + 1]!, dots[k]!];
        kernel.run.subtractRows(stack, factorsAt, pAt, groups, half, rowBytes);
      }
      let product = 0;
      for (let j = 0; j < i; j++) product += p[j]! * x[j]!;
      const factor = factors[i]!;
      const middle = (factor * (factor * product)) / 2;
      const [v, w] = [2 * count * width, (2 * count + 1) * width];
      pairs.set(x, v);
      for (let j = 0; j < i; j++) pairs[w + j] = factor * p[j]! - middle * x[j]!;
      count++;
    }
    await changeRest(kernel, { triangle, stack, columns, rows }, rowBytes, first / TILE, 2 * count, pause);
  }
  return { diagonal, beside, factors };
}

/** A -= V W^T + W V^T in so many panels; V and W are every other row of the stack. */
async function changeRest(
  kernel: EigenKernel,
  { triangle, stack, columns, rows }: Record<'triangle' | 'stack' | 'columns' | 'rows', number>,
  rowBytes: number,
  panels: number,
  steps: number,
  pause: Pause,
): Promise<void> {
  const panelBytes = steps * STEP_BYTES;
  for (let k = 0; k < steps; k++) {
    kernel.run.packDoubles(stack + k * rowBytes, columns + k * STEP_BYTES, 1, panels, panelBytes);
    kernel.run.packDoubles(stack + k * rowBytes, rows + (k ^ 1) * STEP_BYTES, 1, panels, panelBytes);
  }
  for (let panel = 0; panel < panels && steps > 0;) {
    await pause();
    const now = Math.min(panels - panel, Math.ceil(AT_ONCE / (TILE * TILE * panels * steps)));
    const at = triangle + startOf(panel);
    kernel.run.subtractFromTriangle(at, columns, rows + panel * panelBytes, panel + 1, now, steps);
    panel += now;
  }
}

/** Bytes that {@link turnBack} works with. */
export const roomForTurning = (size: number): number => {
  const joined = JOINED * TILE;
  return 8 * joined * (2 * joined + 2 * TILE * Math.ceil(size / TILE) + TILE * GROUPS);
};

/**
 * Eigenvectors of T, in panels of four at `vectors` [D, 4], become those of the matrix. Sixty-four reflections at a
 * time are one matrix 1 - V L V^T, L lower triangular (Schreiber, Van Loan, SIAM J. Sci. Stat. Comput. 10, 1989).
 */
export async function turnBack(
  kernel: EigenKernel,
  triangle: number,
  room: number,
  vectors: number,
  [size, groups]: readonly [number, number],
  factors: Float64Array,
  pause: Pause,
): Promise<void> {
  const panels = Math.ceil(size / TILE);
  const most = JOINED * TILE;
  const areaBytes = most * most * 8;
  const [cross, weights, turned] = [room, room + areaBytes, room + 2 * areaBytes];
  const [left, parts] = [turned + most * panels * STEP_BYTES, turned + 2 * most * panels * STEP_BYTES];
  const a = kernel.float64(triangle, triangleLength(size));
  for (let first = 0; first < panels; first += JOINED) {
    await pause();
    const end = Math.min(first + JOINED, panels);
    const count = TILE * (end - first);
    const columnBytes = count * STEP_BYTES;
    joinFactors(kernel, { triangle, cross, weights }, [first, end], factors);
    // V^T in panels [reflections, 4]
    const v = kernel.float64(turned, count * end * TILE).fill(0);
    for (let panel = first; panel < end; panel++) {
      const [from, j] = [startOf(panel) / 8, TILE * (panel - first)];
      for (let column = 0; column < TILE * (panel + 1); column++) {
        const to = (Math.floor(column / TILE) * count + j) * TILE + (column % TILE);
        for (let i = 0; i < TILE; i++) v[to + TILE * i] = a[from + column * TILE + i]!;
      }
    }
    kernel.run.crossPanels(weights, turned, left, end - first, end, count, columnBytes, columnBytes, columnBytes);
    for (let group = 0; group < groups; group += GROUPS) {
      await pause();
      const now = Math.min(GROUPS, groups - group);
      const [own, ownBytes] = [vectors + group * panels * TILE * STEP_BYTES, panels * TILE * STEP_BYTES];
      for (let panel = first; panel < end; panel++) {
        const to = parts + (panel - first) * TILE_BYTES;
        const steps = TILE * (panel + 1);
        kernel.run.multiplyPanels(triangle + startOf(panel), own, to, now, 1, steps, ownBytes, columnBytes);
      }
      kernel.run.subtractPanels(left, parts, own, now, end, count, columnBytes, ownBytes);
    }
  }
}

/** L of the product of the reflections in some panels, the last of them leftmost, in panels [., 4] at `weights`. */
function joinFactors(
  kernel: EigenKernel,
  { triangle, cross, weights }: Record<'triangle' | 'cross' | 'weights', number>,
  [first, end]: readonly [number, number],
  factors: Float64Array,
): void {
  const count = TILE * (end - first);
  for (let panel = first; panel < end; panel++) {
    for (let other = first; other <= panel; other++) {
      const to = cross + ((panel - first) * JOINED + other - first) * TILE_BYTES;
      kernel.run.setTile(triangle + startOf(panel), triangle + startOf(other), to, TILE * (other + 1));
    }
  }
  const products = kernel.float64(cross, (JOINED * TILE) ** 2);
  const packed = kernel.float64(weights, count * count).fill(0);
  const rows: Float64Array[] = [];
  for (let j = 0; j < count; j++) {
    const row = new Float64Array(j + 1);
    const factor = factors[TILE * first + j] ?? 0;
    const tiles = Math.floor(j / TILE) * JOINED;
    for (let i = 0; i < j; i++) {
      const other = rows[i]!;
      const times = factor * products[(tiles + Math.floor(i / TILE)) * TILE * TILE + (j % TILE) * TILE + (i % TILE)]!;
      for (let k = 0; k <= i; k++) row[k]! -= times * other[k]!;
    }
    row[j] = factor;
    rows.push(row);
    row.forEach((value, k) => (packed[(Math.floor(k / TILE) * count + j) * TILE + (k % TILE)] = value));
  }
}
