import { STEP_BYTES, TILE } from './float64-functions';
import type { Float64Kernel } from './float64-kernel';
import type { Whitening } from '../whitening';

/** Groups of four rows that go through the whitening together: they stay in a cache, as a panel of the matrix does. */
const GROUPS = 16;
/** Below this part of ||y||^2 a distance has lost so many digits that it is summed anew. */
const CLOSE = 1e-8;

/** Lower triangle [D, D] in panels of four rows: numbers of a column beside each other, up to the diagonal. */
function packTriangle({ inverse, size }: Whitening): Float64Array {
  const panels = Math.ceil(size / TILE);
  const packed = new Float64Array(((panels * (panels + 1)) / 2) * TILE * TILE);
  let at = 0;
  for (let top = 0; top < size; top += TILE) {
    for (let column = 0; column < top + TILE; column++) {
      for (let row = top; row < top + TILE; row++, at++) {
        if (row < size && column <= row) packed[at] = inverse[row * size + column]!;
      }
    }
  }
  return packed;
}

/** Rows [C, D] in panels of four, padded by 0. */
function packRows(rows: Float64Array, size: number): Float64Array {
  const [count, width] = [rows.length / size, Math.ceil(size / TILE) * TILE];
  const packed = new Float64Array(Math.ceil(count / TILE) * TILE * width);
  for (let row = 0; row < count; row++) {
    const to = Math.floor(row / TILE) * TILE * width + (row % TILE);
    for (let i = 0; i < size; i++) packed[to + i * TILE] = rows[row * size + i]!;
  }
  return packed;
}

/**
 * min over c of ||L^-1 (x - o) - m_c||^2 of rows x, all of it float64, as ||y||^2 + 2 min (||m_c||^2 / 2 - y m_c): o is
 * near the means, and where digits cancel all the same the distance is summed term by term. `means` [C, D] are
 * whitened, about o.
 */
export function kernelDistances(
  kernel: Float64Kernel,
  whitening: Whitening,
  origin: Float64Array,
  means: Float64Array,
): (rows: Float32Array) => Float64Array {
  const { size } = whitening;
  const panels = Math.ceil(size / TILE);
  const width = panels * TILE;
  const groupBytes = width * STEP_BYTES;
  const center = new Float64Array(width);
  center.set(origin);
  const triangle = packTriangle(whitening);
  const columns = packRows(means, size);
  const halves = new Float64Array(columns.length / width).fill(Infinity);
  for (let c = 0; c * size < means.length; c++) {
    halves[c] = means.subarray(c * size, (c + 1) * size).reduce((sum, value) => sum + value * value, 0) / 2;
  }
  const atOrigin = means.every((value) => value === 0);

  /** Of row `row` of whitened panels. */
  const exact = (y: Float64Array, row: number): number => {
    const from = Math.floor(row / TILE) * TILE * width + (row % TILE);
    let least = Infinity;
    for (let m = 0; m < means.length; m += size) {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += (y[from + i * TILE]! - means[m + i]!) ** 2;
      if (sum < least) least = sum;
    }
    return least;
  };

  return (rows) => {
    const many = TILE * GROUPS;
    const [from, middle, matrix, m, h, z, y, norms, least, tile] = kernel.areas(
      many * width * 4,
      center.byteLength,
      triangle.byteLength,
      columns.byteLength,
      halves.byteLength,
      GROUPS * groupBytes,
      GROUPS * groupBytes,
      many * 8,
      many * 8,
      TILE * STEP_BYTES,
    );
    kernel.float64(middle, center.length).set(center);
    kernel.float64(matrix, triangle.length).set(triangle);
    kernel.float64(m, columns.length).set(columns);
    kernel.float64(h, halves.length).set(halves);
    const inside = kernel.float32(from, many * width).fill(0);
    const [squares, best] = [kernel.float64(norms, many), kernel.float64(least, many)];
    const whitened = kernel.float64(y, GROUPS * TILE * width);
    const count = rows.length / size;
    const distances = new Float64Array(count);
    for (let first = 0; first < count; first += many) {
      const now = Math.min(many, count - first);
      const part = rows.subarray(first * size, (first + now) * size);
      if (size === width) inside.set(part);
      else for (let i = 0; i < now; i++) inside.set(part.subarray(i * size, (i + 1) * size), i * width);
      const groups = Math.ceil(now / TILE); // what follows the last row is not read
      kernel.run.packColumns(from, middle, z, groups, panels, width * 4);
      kernel.run.multiplyTriangle(matrix, z, y, groups, panels, groupBytes);
      kernel.run.squareNorms(y, norms, groups, panels);
      if (atOrigin) {
        distances.set(squares.subarray(0, now), first);
        continue;
      }
      best.fill(Infinity);
      kernel.run.leastOf(m, h, y, least, tile, groups, halves.length / TILE, width, groupBytes);
      for (let i = 0; i < now; i++) {
        const distance = squares[i]! + 2 * best[i]!;
        distances[first + i] = distance > CLOSE * squares[i]! ? distance : exact(whitened, i);
      }
    }
    return distances;
  };
}
