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
/** Multiplications between two pauses, in some milliseconds. */
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
      const panel = a.subarray(startOf(Math.floor(i / TILE)) / 8, startOf(Math.floor(i / TILE) + 1) / 8);
      const [half, groups] = [(i + 2) >> 1, Math.ceil(count / 2)];
      readRow(row, panel, i);
      if (count > 0) {
        dots.fill(0);
        for (let k = 0; k < count; k++) {
          dots[2 * k] = pairs[(2 * k + 1) * width + i]!;
          dots[2 * k + 1] = pairs[2 * k * width + i]!;
        }
        kernel.run.subtractRows(stack, factorsAt, rowAt, groups, half, rowBytes);
      }
      diagonal[i] = row[i]!;
      row.fill(0, i);
      [beside[i], factors[i]] = reflected(row, i - 1);
      writeRow(panel, row, i);
      if (factors[i] === 0) continue;
      x.set(row);
      kernel.run.triangleTimes(triangle, xAt, pAt, Math.ceil(i / TILE));
      if (count > 0) {
        kernel.run.rowsTimes(stack, xAt, factorsAt, groups, half, rowBytes);
        swapPairs(dots);
        kernel.run.subtractRows(stack, factorsAt, pAt, groups, half, rowBytes);
      }
      pairs.set(x, 2 * count * width);
      setPartner(pairs.subarray((2 * count + 1) * width), p, x, i, factors[i]!);
      count++;
    }
    await changeRest(kernel, { triangle, stack, columns, rows }, rowBytes, first / TILE, 2 * count, pause);
  }
  return { diagonal, beside, factors };
}

// Loops over numbers are functions of their own: what waits in between is compiled later, or not at all.

/** Row i of a panel of four up to the diagonal. */
function readRow(row: Float64Array, panel: Float64Array, i: number): void {
  for (let j = 0, at = i % TILE; j <= i; j++, at += TILE) row[j] = panel[at]!;
}

/** The whole row, also what is mirrored in the last tile. */
function writeRow(panel: Float64Array, row: Float64Array, i: number): void {
  for (let j = 0, at = i % TILE; at < panel.length; j++, at += TILE) panel[at] = row[j]!;
}

/**
 * Turns a row into the vector of the reflection onto its place `last`: the number there afterwards, and the factor. A
 * row that is nothing but this number becomes 0.
 */
function reflected(row: Float64Array, last: number): [beside: number, factor: number] {
  if (last < 0) return [0, 0];
  const next = row[last]!;
  let square = 0;
  for (let j = 0; j < last; j++) square += row[j]! * row[j]!;
  if (!(square > NOTHING)) {
    row.fill(0);
    return [square === square ? next : square, 0];
  }
  const length = Math.sqrt(square + next * next);
  const beside = next > 0 ? -length : length;
  row[last] = next - beside;
  return [beside, 1 / (length * (length + Math.abs(next)))];
}

function swapPairs(dots: Float64Array): void {
  for (let k = 0; k < dots.length; k += 2) {
    const first = dots[k]!;
    dots[k] = dots[k + 1]!;
    dots[k + 1] = first;
  }
}

/** w of A -= v w^T + w v^T by p = A v, v = x of so many numbers. */
function setPartner(w: Float64Array, p: Float64Array, x: Float64Array, length: number, factor: number): void {
  let product = 0;
  for (let j = 0; j < length; j++) product += p[j]! * x[j]!;
  const middle = (factor * (factor * product)) / 2;
  for (let j = 0; j < length; j++) w[j] = factor * p[j]! - middle * x[j]!;
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
      const own = a.subarray(startOf(panel) / 8, startOf(panel + 1) / 8);
      transposeTiles(v.subarray(TILE * TILE * (panel - first)), own, TILE * count);
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

/** Tiles that follow each other, each turned, so many numbers apart. */
function transposeTiles(to: Float64Array, from: Float64Array, gap: number): void {
  for (let tile = 0, at = 0; at < from.length; tile += gap) {
    for (let column = 0; column < TILE; column++) {
      for (let i = 0; i < TILE; i++) to[tile + TILE * i + column] = from[at++]!;
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
