import type { Pause } from '../../core/pauses';
import type { Float64Kernel } from './float64-kernel';
import { groupsOf } from './kernel-products';
import { packFactor, triangleLength } from './kernel-triangle';
import { STEP_BYTES, TILE } from './tile';
import { whiten, type Whitening } from '../whitening';

/** Below this part of ||y||^2 a distance has lost so many digits that it is summed anew. */
const CLOSE = 1e-8;
/** Of so many rows plain loops take no longer than to bring the matrix into the kernel. */
const FEW = 2;

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
 * whitened, about o. Nothing is held but these. The kernel is its own meanwhile.
 */
export function kernelDistances(
  whitening: Whitening,
  origin: Float64Array,
  means: Float64Array,
): (kernel: Float64Kernel, rows: Float32Array, pause: Pause) => Promise<Float64Array> {
  const { size } = whitening;
  const panels = Math.ceil(size / TILE);
  const width = panels * TILE;
  const groupBytes = width * STEP_BYTES;
  const center = new Float64Array(width);
  center.set(origin);
  const halves = new Float64Array(Math.ceil(means.length / size / TILE) * TILE).fill(Infinity);
  for (let c = 0; c * size < means.length; c++) {
    halves[c] = means.subarray(c * size, (c + 1) * size).reduce((sum, value) => sum + value * value, 0) / 2;
  }
  const atOrigin = means.every((value) => value === 0);

  const placeOf = (row: number) => Math.floor(row / TILE) * TILE * width + (row % TILE);

  /** Of a whitened row that starts at `from`, its numbers `step` apart. */
  const exact = (y: Float64Array, from: number, step: number): number => {
    let least = Infinity;
    for (let m = 0; m < means.length; m += size) {
      let sum = 0;
      for (let i = 0; i < size; i++) {
        const difference = y[from + i * step]! - means[m + i]!;
        sum += difference * difference;
      }
      if (sum < least) least = sum;
    }
    return least;
  };

  return async (kernel, rows, pause) => {
    if (rows.length <= FEW * size) {
      const moved = Float64Array.from(rows, (value, at) => value - origin[at % size]!);
      const y = whiten(whitening, moved);
      return Float64Array.from({ length: rows.length / size }, (_, row) => exact(y, row * size, 1));
    }
    const most = groupsOf(size ** 2 / 2);
    const many = TILE * most;
    const columns = packRows(means, size);
    const [from, middle, matrix, m, h, y, norms, least, tile] = kernel.areas(
      many * width * 4,
      center.byteLength,
      8 * triangleLength(size),
      columns.byteLength,
      halves.byteLength,
      most * groupBytes,
      many * 8,
      many * 8,
      TILE * STEP_BYTES,
    );
    kernel.float64(middle, center.length).set(center);
    packFactor(kernel.float64(matrix, triangleLength(size)), whitening.factor, size);
    kernel.float64(m, columns.length).set(columns);
    kernel.float64(h, halves.length).set(halves);
    const inside = kernel.float32(from, many * width).fill(0);
    const [squares, best] = [kernel.float64(norms, many), kernel.float64(least, many)];
    const whitened = kernel.float64(y, most * TILE * width);
    const count = rows.length / size;
    const distances = new Float64Array(count);
    for (let first = 0; first < count; first += many) {
      await pause();
      const now = Math.min(many, count - first);
      const part = rows.subarray(first * size, (first + now) * size);
      if (size === width) inside.set(part);
      else for (let i = 0; i < now; i++) inside.set(part.subarray(i * size, (i + 1) * size), i * width);
      const groups = Math.ceil(now / TILE); // what follows the last row is not read
      kernel.run.packColumns(from, middle, y, groups, panels, width * 4);
      kernel.run.solveTriangle(matrix, y, groups, panels, groupBytes);
      kernel.run.squareNorms(y, norms, groups, panels);
      if (atOrigin) {
        distances.set(squares.subarray(0, now), first);
        continue;
      }
      best.fill(Infinity);
      kernel.run.leastOf(m, h, y, least, tile, groups, halves.length / TILE, width, groupBytes);
      for (let i = 0; i < now; i++) {
        const distance = squares[i]! + 2 * best[i]!;
        distances[first + i] = distance > CLOSE * squares[i]! ? distance : exact(whitened, placeOf(i), TILE);
      }
    }
    return distances;
  };
}
