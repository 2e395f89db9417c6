import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { addressOf, floats, makeOutput, withScratch, type WasmKernel } from './heap';
import { PULL_WIDTH, SQUARE_COLUMNS, SQUARE_ROWS } from './pair-functions';
import { simdOf, type Simd } from './simd';

/** Columns that are summed before their sum joins the others: 16 KiB of rows at a time. */
const BLOCK = 256;
/** A row with fewer weights than one in so many is summed one weight at a time. */
const SPARSE = 8;

interface Sizes {
  rows: number;
  columns: number;
  size: number;
}
type Own = (tensor: TensorInfo) => TensorInfo;

/**
 * Rows [N, D], cut into pieces of `width` numbers; pieces of the same place follow each other in tiles of so many rows.
 * The places beyond N and D are 0.
 */
function packed(backend: BackendWasm, x: TensorInfo, own: Own, width: number, tile: number): TensorInfo {
  const [rows, size] = x.shape as [number, number];
  const pieces = Math.ceil(size / width);
  const target = own(makeOutput(backend, [Math.ceil(rows / tile), pieces, tile, width]));
  const [from, to] = [floats(backend, x), floats(backend, target)];
  to.fill(0);
  for (let row = 0; row < rows; row++) {
    const first = Math.floor(row / tile) * pieces * tile * width + (row % tile) * width;
    for (let piece = 0; piece < pieces; piece++) {
      const place = first + piece * tile * width;
      const end = Math.min(width, size - piece * width);
      for (let at = 0; at < end; at++) to[place + at] = from[row * size + piece * width + at]!;
    }
  }
  return target;
}

/** What lies above the diagonal of [N, N], below it too; in squares that a cache holds. */
function mirror(values: Float32Array, side: number): void {
  const step = 32;
  for (let top = 0; top < side; top += step) {
    for (let left = top; left < side; left += step) {
      for (let row = top; row < Math.min(side, top + step); row++) {
        for (let column = Math.max(left, row + 1); column < Math.min(side, left + step); column++) {
          values[column * side + row] = values[row * side + column]!;
        }
      }
    }
  }
}

/** Where a row meets itself only the columns from its own tile on are worked out. */
function squaresBySimd(
  simd: Simd,
  backend: BackendWasm,
  x: TensorInfo,
  y: TensorInfo,
  out: TensorInfo,
  own: Own,
): void {
  const [rows, columns, size] = [x.shape[0]!, y.shape[0]!, x.shape[1]!];
  const isOwn = x.dataId === y.dataId;
  const [quads, tiles] = [Math.ceil(size / 4), Math.ceil(columns / SQUARE_COLUMNS)];
  const width = tiles * SQUARE_COLUMNS;
  const [fromX, fromY] = [packed(backend, x, own, 4, SQUARE_ROWS), packed(backend, y, own, 4, SQUARE_COLUMNS)];
  const both = own(makeOutput(backend, [SQUARE_ROWS, width]));
  const [xAt, yAt, outAt] = [fromX, fromY, both].map((tensor) => addressOf(backend, tensor)) as [
    number,
    number,
    number,
  ];
  const [squares, found] = [floats(backend, out), floats(backend, both)];
  for (let row = 0; row < rows; row += SQUARE_ROWS) {
    const first = isOwn ? Math.floor(row / SQUARE_COLUMNS) : 0;
    const [xNow, yNow] = [xAt + 16 * quads * row, yAt + 16 * quads * SQUARE_COLUMNS * first];
    const outNow = outAt + 4 * SQUARE_COLUMNS * first;
    simd.squaresOfTiles(xNow, yNow, outNow, 4 * width, tiles - first, quads);
    for (let at = 0; at < Math.min(SQUARE_ROWS, rows - row); at++) {
      const line = found.subarray(at * width + SQUARE_COLUMNS * first, at * width + columns);
      squares.set(line, (row + at) * columns + SQUARE_COLUMNS * first);
    }
  }
  if (isOwn) mirror(squares, rows);
}

function squaresByLoops(from: Float32Array, to: Float32Array, out: Float32Array, { rows, columns, size }: Sizes): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let k = 0; k < size; k++) sum += (from[row * size + k]! - to[column * size + k]!) ** 2;
      out[row * columns + column] = sum;
    }
  }
}

function pullBySimd(
  simd: Simd,
  backend: BackendWasm,
  [x, y, h, out]: readonly [TensorInfo, TensorInfo, TensorInfo, TensorInfo],
  own: Own,
): void {
  const [rows, columns, size] = [x.shape[0]!, y.shape[0]!, x.shape[1]!];
  const pieces = Math.ceil(size / PULL_WIDTH);
  const fromX = packed(backend, x, own, PULL_WIDTH, 1);
  const fromY = packed(backend, y, own, PULL_WIDTH, columns);
  const found = own(makeOutput(backend, [rows, pieces, PULL_WIDTH]));
  const [xAt, yAt, hAt, outAt] = [fromX, fromY, h, found].map((t) => addressOf(backend, t)) as [number, number, number, number]; // prettier-ignore
  const [weights, sums, result] = [floats(backend, h), floats(backend, found), floats(backend, out)];
  sums.fill(0);
  const bytes = 4 * PULL_WIDTH;
  const sparse = Array.from({ length: rows }, (_, row) => {
    const used: number[] = [];
    for (let column = 0; column < columns && used.length * SPARSE <= columns; column++) {
      if (weights[row * columns + column] !== 0) used.push(column);
    }
    return used.length * SPARSE <= columns ? used : undefined;
  });
  const add = (row: number, piece: number, column: number, count: number): void => {
    const place = bytes * (row * pieces + piece);
    const [yNow, hNow] = [yAt + bytes * (piece * columns + column), hAt + 4 * (row * columns + column)];
    simd.addPull(xAt + place, yNow, hNow, outAt + place, count);
  };
  for (let piece = 0; piece < pieces; piece++) {
    for (let start = 0; start < columns; start += BLOCK) {
      const count = Math.min(BLOCK, columns - start);
      for (let row = 0; row < rows; row++) if (!sparse[row]) add(row, piece, start, count);
    }
    sparse.forEach((used, row) => used?.forEach((column) => add(row, piece, column, 1)));
  }
  for (let row = 0; row < rows; row++) {
    const first = row * pieces * PULL_WIDTH;
    result.set(sums.subarray(first, first + size), row * size);
  }
}

function pullByLoops(
  [from, to, weights, out]: readonly [Float32Array, Float32Array, Float32Array, Float32Array],
  { rows, columns, size }: Sizes,
): void {
  const sums = new Float64Array(size);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    for (let column = 0; column < columns; column++) {
      const weight = weights[row * columns + column]!;
      if (weight === 0) continue;
      for (let k = 0; k < size; k++) sums[k]! += weight * (from[row * size + k]! - to[column * size + k]!);
    }
    out.set(sums, row * size);
  }
}

/**
 * Squared distances [B, C] of rows x [B, D] and y [C, D]; with weights h [B, C] the sums over j of h_ij (x_i - y_j)
 * [B, D]. A kernel of this package's own, which its losses use where it is registered: each number once from memory,
 * where a chain of the backend's kernels writes and reads all differences.
 */
export const pairDifferences: WasmKernel = ({ inputs, backend }) => {
  const { x, y, h } = inputs as { x: TensorInfo; y: TensorInfo; h?: TensorInfo };
  const sizes = { rows: x.shape[0]!, columns: y.shape[0]!, size: x.shape[1]! };
  const simd = simdOf(backend);
  const out = makeOutput(backend, [sizes.rows, h ? sizes.size : sizes.columns]);
  if (simd) {
    withScratch(backend, (own) =>
      h ? pullBySimd(simd, backend, [x, y, h, out], own) : squaresBySimd(simd, backend, x, y, out, own),
    );
  } else {
    const [from, to, result] = [floats(backend, x), floats(backend, y), floats(backend, out)];
    if (h) pullByLoops([from, to, floats(backend, h), result], sizes);
    else squaresByLoops(from, to, result, sizes);
  }
  return out;
};
