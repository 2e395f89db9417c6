import type { Pause } from '../../core/pauses';
import type { Float64Kernel } from './float64-kernel';
import { STEP_BYTES, TILE } from './tile';

/** Groups of four rows that are multiplied at once: they stay in a cache, as a panel of the matrix does. */
const GROUPS = 16;

/** Fewer of a large matrix: a pause comes after them, some 10 ms later. */
export const groupsOf = (productsPerRow: number): number =>
  Math.max(1, Math.min(GROUPS, Math.floor(2 ** 25 / (TILE * productsPerRow))));

/** X W [N, C] of rows X [N, D] and W [D, C], float64. The kernel is its own meanwhile. */
export async function productsBy(
  kernel: Float64Kernel,
  matrix: Float64Array,
  [size, width]: readonly [number, number],
  rows: Float32Array,
  pause: Pause,
): Promise<Float64Array> {
  const [steps, panels] = [Math.ceil(size / TILE), Math.ceil(width / TILE)];
  const [inner, most] = [steps * TILE, groupsOf(size * width)];
  const many = most * TILE;
  const [from, zeros, columns, x, y] = kernel.areas(
    many * inner * 4,
    inner * 8,
    panels * inner * STEP_BYTES,
    most * inner * STEP_BYTES,
    most * panels * TILE * STEP_BYTES,
  );
  kernel.float64(zeros, inner).fill(0);
  const packed = kernel.float64(columns, panels * inner * TILE);
  packed.fill(0);
  for (let i = 0; i < size; i++) {
    await pause();
    for (let c = 0, to = i * TILE; c < width; c += TILE, to += inner * TILE) {
      const last = Math.min(TILE, width - c);
      for (let j = 0; j < last; j++) packed[to + j] = matrix[i * width + c + j]!;
    }
  }
  const inside = kernel.float32(from, many * inner).fill(0);
  const out = kernel.float64(y, most * panels * TILE * TILE);
  const count = rows.length / size;
  const products = new Float64Array(count * width);
  for (let first = 0; first < count; first += many) {
    await pause();
    const now = Math.min(many, count - first);
    const part = rows.subarray(first * size, (first + now) * size);
    if (size === inner) inside.set(part);
    else for (let i = 0; i < now; i++) inside.set(part.subarray(i * size, (i + 1) * size), i * inner);
    const groups = Math.ceil(now / TILE); // what follows the last row is not read
    kernel.run.packColumns(from, zeros, x, groups, steps, inner * 4);
    kernel.run.multiplyPanels(columns, x, y, groups, panels, inner, inner * STEP_BYTES, panels * TILE * STEP_BYTES);
    for (let i = 0; i < now; i++) {
      const [at, to] = [Math.floor(i / TILE) * panels * TILE * TILE + (i % TILE), (first + i) * width];
      for (let c = 0; c < width; c++) products[to + c] = out[at + c * TILE]!;
    }
  }
  return products;
}
