import type { Pause } from '../../core/pauses';
import { STEP_BYTES, TILE, TILE_BYTES } from './tile';
import type { Float64Kernel } from './float64-kernel';

/** Rows that are packed and multiplied at once: a panel of them stays in the fastest cache. */
const ROWS = 64;

/** Sums over rows z = x - r, r the reference of the class of x. */
export interface ClassSums {
  /** Of z, by class [C, D]. */
  sums: Float64Array;
  /** Of z z^T, of all classes together [D, D], upper triangle. */
  scatter: Float64Array;
}

const panelsOf = (size: number): number => Math.ceil(size / TILE);

/** Copies rows [., size] to `width` numbers a row; what is between them stays as it is. */
function spreadRows<A extends Float32Array | Float64Array>(to: A, from: A, size: number, width: number): void {
  if (size === width) return to.set(from);
  for (let row = 0; row * size < from.length; row++) to.set(from.subarray(row * size, (row + 1) * size), row * width);
}

/** Adds tiles of the upper triangle to a matrix [size, size]; a step is four rows. */
function* addingTiles(sum: Float64Array, tiles: Float64Array, size: number): Generator<void> {
  let at = 0;
  for (let top = 0; top < size; top += TILE) {
    const rows = Math.min(TILE, size - top);
    for (let i = 0; i < rows; i++) addTilesToRow(sum, tiles, at + i * TILE, (top + i) * size, top, size, i);
    at += Math.ceil((size - top) / TILE) * TILE * TILE;
    yield;
  }
}

/** Row i of a row of tiles, from the diagonal on. */
function addTilesToRow(
  sum: Float64Array,
  tiles: Float64Array,
  from: number,
  row: number,
  top: number,
  size: number,
  i: number,
): void {
  for (let j = i; j < Math.min(TILE, size - top); j++) sum[row + top + j]! += tiles[from + j]!;
  let [left, at] = [top + TILE, from + TILE * TILE];
  for (; left + TILE <= size; left += TILE, at += TILE * TILE) {
    const to = row + left;
    sum[to]! += tiles[at]!;
    sum[to + 1]! += tiles[at + 1]!;
    sum[to + 2]! += tiles[at + 2]!;
    sum[to + 3]! += tiles[at + 3]!;
  }
  for (let j = 0; left + j < size; j++) sum[row + left + j]! += tiles[at + j]!;
}

/** Adds X^T X (upper triangle) of rows X [N, D] to `sum`. */
export function addOuterProductsBy(kernel: Float64Kernel, sum: Float64Array, rows: Float64Array, size: number): void {
  const panels = panelsOf(size);
  const [width, panelBytes, tileCount] = [panels * TILE, ROWS * STEP_BYTES, (panels * (panels + 1)) / 2];
  const [from, packed, tiles] = kernel.areas(ROWS * width * 8, panels * panelBytes, tileCount * TILE_BYTES);
  const inside = kernel.float64(from, ROWS * width);
  inside.fill(0);
  const products = kernel.float64(tiles, tileCount * TILE * TILE);
  products.fill(0);
  for (let at = 0; at < rows.length; at += ROWS * size) {
    const part = rows.subarray(at, at + ROWS * size);
    spreadRows(inside, part, size, width);
    const count = part.length / size;
    kernel.run.packDoubles(from, packed, count, panels, panelBytes);
    kernel.run.addUpperTiles(packed, panelBytes, panels, count, tiles);
  }
  for (const rest = addingTiles(sum, products, size); !rest.next().done;);
}

/** Sums over rows [N, D] of classes 0 to C - 1, in one pass; `references` [C, D]. The kernel is its own meanwhile. */
export async function classSumsBy(
  kernel: Float64Kernel,
  data: Float32Array,
  size: number,
  classes: Int32Array,
  references: Float64Array,
  pause: Pause,
): Promise<ClassSums> {
  const panels = panelsOf(size);
  const [width, panelBytes, tileCount] = [panels * TILE, ROWS * STEP_BYTES, (panels * (panels + 1)) / 2];
  const numbers = (references.length / size) * width;
  const [from, owners, centers, sums, packed, tiles] = kernel.areas(
    ROWS * width * 4,
    ROWS * 4,
    numbers * 8,
    numbers * 8,
    panels * panelBytes,
    tileCount * TILE_BYTES,
  );
  const inside = kernel.float32(from, ROWS * width);
  const ownersInside = kernel.int32(owners, ROWS);
  const centersInside = kernel.float64(centers, numbers);
  const sumsInside = kernel.float64(sums, numbers);
  const products = kernel.float64(tiles, tileCount * TILE * TILE);
  for (const area of [inside, centersInside, sumsInside, products]) area.fill(0);
  spreadRows(centersInside, references, size, width);

  for (let row = 0; row < classes.length; row += ROWS) {
    const count = Math.min(ROWS, classes.length - row);
    spreadRows(inside, data.subarray(row * size, (row + count) * size), size, width);
    for (let i = 0; i < count; i++) ownersInside[i] = classes[row + i]! * width * 8;
    await pause();
    kernel.run.packRows(from, owners, centers, sums, packed, count, panels, panelBytes);
    kernel.run.addUpperTiles(packed, panelBytes, panels, count, tiles);
  }
  await pause();
  const scatter = new Float64Array(size * size);
  for (const rest = addingTiles(scatter, products, size); !rest.next().done;) await pause();
  const ofClasses = new Float64Array(references.length);
  for (let c = 0; c * size < ofClasses.length; c++) {
    ofClasses.set(sumsInside.subarray(c * width, c * width + size), c * size);
  }
  return { sums: ofClasses, scatter };
}
