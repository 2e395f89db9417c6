import type { Float64Kernel } from './float64-kernel';
import type { Pause } from '../../core/pauses';
import { STEP_BYTES, TILE, TILE_BYTES } from './tile';

/** Panels of columns that are factored together: a piece of a panel stays in the fastest cache. */
const BLOCK = 16;

/** How many numbers a lower triangle has in panels of four rows. */
export function triangleLength(size: number): number {
  const panels = Math.ceil(size / TILE);
  return ((panels * (panels + 1)) / 2) * TILE * TILE;
}

const startOf = (panel: number): number => ((panel * (panel + 1)) / 2) * TILE_BYTES;

/**
 * Writes a lower triangle A [D, D] in panels of four rows: numbers of a column beside each other, up to the diagonal.
 * Number i, j is A_ij s_i s_j, the diagonal what is given. Rows that fill the last panel up are those of the identity.
 * A step is a panel.
 */
function* packing(
  packed: Float64Array,
  matrix: Float64Array,
  scales: Float64Array,
  diagonal: Float64Array,
): Generator<void> {
  const size = scales.length;
  let start = 0;
  for (let top = 0; top < size; top += TILE) {
    const end = start + (top + TILE) * TILE;
    for (let i = 0; i < TILE; i++) {
      const row = top + i;
      if (row >= size) {
        for (let at = start + i; at < end; at += TILE) packed[at] = 0;
        packed[start + row * TILE + i] = 1;
        continue;
      }
      packRow(packed, start + i, matrix.subarray(row * size, row * size + row), scales, scales[row]!);
      packed[start + row * TILE + i] = diagonal[row]!;
    }
    start = end;
    yield;
  }
}

/** Numbers of a row before the diagonal, times their scales. */
function packRow(packed: Float64Array, to: number, row: Float64Array, scales: Float64Array, scale: number): void {
  for (let column = 0, at = to; column < row.length; column++, at += TILE) {
    packed[at] = row[column]! * scale * scales[column]!;
  }
}

/** A factor L [D, D] as `solveTriangle` takes it. */
export function packFactor(packed: Float64Array, factor: Float64Array, size: number): void {
  const reciprocals = Float64Array.from({ length: size }, (_, i) => 1 / factor[i * size + i]!);
  for (const rest = packing(packed, factor, new Float64Array(size).fill(1), reciprocals); !rest.next().done;);
}

/**
 * Cholesky factor of a matrix whose diagonal is 1, in place: L in panels, with reciprocals on its diagonal. By columns
 * of 64, the rest of the matrix after each.
 *
 * @returns the first row of which no more than `least` is left after those before it; -1 where there is none
 */
async function factorInPlace(
  kernel: Float64Kernel,
  address: number,
  size: number,
  least: number,
  pause: Pause,
): Promise<number> {
  const panels = Math.ceil(size / TILE);
  for (let block = 0; block < panels; block += BLOCK) {
    await pause();
    const end = Math.min(block + BLOCK, panels);
    const before = block * TILE_BYTES; // bytes of a panel before this block
    for (let j = block; j < end; j++) {
      const panel = address + startOf(j) + before;
      const [steps, gap] = [(j - block) * TILE, (j - block) * TILE_BYTES];
      const diagonal = panel + gap;
      kernel.run.subtractTile(panel, panel, diagonal, steps);
      const failed = factorTile(kernel.float64(diagonal, TILE * TILE), least);
      if (failed >= 0) return j * TILE + failed;
      const below = address + startOf(j + 1) + before;
      kernel.run.solveColumn(panel, diagonal, below, (j + 2) * TILE_BYTES, gap, panels - j - 1, steps);
    }
    await pause();
    const rest = address + startOf(end) + before;
    kernel.run.subtractPanels(rest, (end + 1) * TILE_BYTES, BLOCK * TILE_BYTES, panels - end, BLOCK * TILE);
  }
  return -1;
}

/** The same of one tile, column by column in memory. */
function factorTile(tile: Float64Array, least: number): number {
  for (let row = 0; row < TILE; row++) {
    let left = tile[row * TILE + row]!;
    for (let column = 0; column < row; column++) {
      let value = tile[column * TILE + row]!;
      for (let k = 0; k < column; k++) value -= tile[k * TILE + row]! * tile[k * TILE + column]!;
      value *= tile[column * TILE + column]!;
      tile[column * TILE + row] = value;
      left -= value * value;
    }
    if (!(left > least)) return row;
    tile[row * TILE + row] = 1 / Math.sqrt(left);
  }
  return -1;
}

/**
 * L of S = L L^T [D, D] into `factor`, by the correlations of S. The kernel is its own meanwhile.
 *
 * @returns the first feature that is a linear combination
 * of those before it, -1 where there is none
 */
export async function factorBy(
  kernel: Float64Kernel,
  factor: Float64Array,
  data: Float64Array,
  deviations: Float64Array,
  least: number,
  pause: Pause,
): Promise<number> {
  const size = deviations.length;
  const length = triangleLength(size);
  const [address] = kernel.areas(8 * length);
  const per = deviations.map((deviation) => 1 / deviation);
  const rest = packing(kernel.float64(address, length), data, per, new Float64Array(size).fill(1));
  while (!rest.next().done) await pause();
  const failed = await factorInPlace(kernel, address, size, least, pause);
  if (failed >= 0) return failed;
  const packed = kernel.float64(address, length);
  for (let row = 0; row < size; row++) {
    await pause();
    const at = startOf(Math.floor(row / TILE)) / 8 + (row % TILE);
    unpackRow(factor.subarray(row * size, row * size + row + 1), packed, at, deviations[row]!);
  }
  return -1;
}

/** A row up to the diagonal, of which the reciprocal is there, in units. */
function unpackRow(row: Float64Array, packed: Float64Array, from: number, unit: number): void {
  const last = row.length - 1;
  let at = from;
  for (let column = 0; column < last; column++, at += TILE) row[column] = packed[at]! * unit;
  row[last] = unit / packed[at]!;
}

/** Rows [N, D] as groups of four in panels. */
function packGroups(packed: Float64Array, rows: Float64Array, size: number, width: number): void {
  for (let row = 0, from = 0; from < rows.length; row++, from += size) {
    const to = Math.floor(row / TILE) * TILE * width + (row % TILE);
    for (let i = 0; i < size; i++) packed[to + i * TILE] = rows[from + i]!;
  }
}

/** L^-1 x of rows x [N, D], in place. */
export function solveRowsBy(kernel: Float64Kernel, factor: Float64Array, size: number, rows: Float64Array): void {
  const panels = Math.ceil(size / TILE);
  const width = panels * TILE;
  const most = 16 * TILE;
  const [matrix, inside] = kernel.areas(8 * triangleLength(size), 8 * most * width);
  packFactor(kernel.float64(matrix, triangleLength(size)), factor, size);
  const packed = kernel.float64(inside, most * width);
  for (let from = 0; from < rows.length; from += most * size) {
    const part = rows.subarray(from, from + most * size);
    const groups = Math.ceil(part.length / size / TILE);
    packed.fill(0);
    packGroups(packed, part, size, width);
    kernel.run.solveTriangle(matrix, inside, groups, panels, width * STEP_BYTES);
    for (let at = 0, row = 0; at < part.length; at += size, row++) {
      const place = Math.floor(row / TILE) * TILE * width + (row % TILE);
      for (let i = 0; i < size; i++) part[at + i] = packed[place + i * TILE]!;
    }
  }
}
