import type { WasmFunction } from '../../core/simd/assembler';
import { subtractRows } from './eigen-functions';
import { makeKernel } from './float64-kernel';

/** Rows of the matrix that go through at once. */
const AT_ONCE = 4;

let functions: { subtractRows: WasmFunction } | undefined;

/**
 * Products x W of single rows with a matrix W [D, C] that stays in a kernel of its own: what one product takes is to
 * read W. `undefined` where wasm SIMD cannot run.
 */
export function residentMatrix(
  matrix: Float64Array,
  [size, width]: readonly [number, number],
): ((x: Float32Array) => Float64Array) | undefined {
  const kernel = makeKernel((functions ??= { subtractRows: subtractRows() }));
  if (!kernel) return undefined;
  const columns = 2 * Math.ceil(width / 2);
  const groups = Math.ceil(size / AT_ONCE);
  const [factors, product, rows] = kernel.areas(8 * AT_ONCE * groups, 8 * columns, 8 * AT_ONCE * groups * columns);
  const inside = kernel.float64(rows, AT_ONCE * groups * columns);
  if (columns === width) inside.set(matrix);
  else {
    inside.fill(0);
    for (let i = 0; i < size; i++) inside.set(matrix.subarray(i * width, (i + 1) * width), i * columns);
  }
  inside.fill(0, size * columns);
  const given = kernel.float64(factors, AT_ONCE * groups).fill(0);
  const sums = kernel.float64(product, columns);
  return (x) => {
    for (let i = 0; i < size; i++) given[i] = -x[i]!;
    sums.fill(0);
    kernel.run.subtractRows(rows, factors, product, groups, columns / 2, 8 * columns);
    return sums.slice(0, width);
  };
}
