import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { addressOf, floats, makeOutput, withScratch, type WasmKernel } from './heap';
import { PULL_WIDTH, SQUARE_COLUMNS, SQUARE_ROWS } from './pair-functions';
import { simdOf, type Simd } from './simd';

/** Columns that are summed before their sum joins the others: 16 KiB of rows at a time. */
const BLOCK = 256;
/** A row with fewer weights than one in so many is summed one weight at a time. */
const SPARSE = 8;

const roundUp = (size: number, unit: number): number => Math.ceil(size / unit) * unit;

interface Sizes {
  rows: number;
  columns: number;
  size: number;
}
/** What a kernel works with: what `own` is given is disposed in the end. */
interface Bench {
  simd: Simd;
  backend: BackendWasm;
  own: (tensor: TensorInfo) => TensorInfo;
}

/** Zeros of so many numbers, and where they lie. */
function zeros({ backend, own }: Bench, size: number): { values: Float32Array; at: number } {
  const made = own(makeOutput(backend, [size]));
  const values = floats(backend, made).fill(0);
  return { values, at: addressOf(backend, made) };
}

/** Where the rows lie as float32. */
function rowsAt({ backend, own }: Bench, x: TensorInfo): number {
  if (x.dtype === 'float32') return addressOf(backend, x);
  const made = own(makeOutput(backend, x.shape));
  floats(backend, made).set(floats(backend, x));
  return addressOf(backend, made);
}

/** Rows [N, D] in tiles of four, whose rows take turns of four numbers; the places beyond N and D are 0. */
function inTiles(bench: Bench, x: TensorInfo): number {
  const [rows, size] = x.shape as [number, number];
  const quads = Math.ceil(size / 4);
  const from = rowsAt(bench, x);
  const { at } = zeros(bench, roundUp(rows, SQUARE_COLUMNS) * quads * 4);
  const [whole, rest] = [size >> 2, size & 3];
  for (let row = 0; row < rows; row++) {
    const first = at + 16 * (Math.floor(row / SQUARE_COLUMNS) * quads * SQUARE_COLUMNS + (row % SQUARE_COLUMNS));
    bench.simd.copyRows(from + 4 * size * row, first, whole, 1, 0, 16, 16 * SQUARE_COLUMNS);
    if (rest) bench.simd.copyRows(from + 4 * (size * row + 4 * whole), first + 64 * whole, 1, 0, rest, 0, 0);
  }
  return at;
}

/** Rows [N, D] as [D / 16, N, 16], the places beyond D being 0. */
function inPieces(bench: Bench, x: TensorInfo): number {
  const [rows, size] = x.shape as [number, number];
  const from = rowsAt(bench, x);
  const { at } = zeros(bench, roundUp(size, PULL_WIDTH) * rows);
  for (let start = 0; start < size; start += PULL_WIDTH) {
    const width = Math.min(PULL_WIDTH, size - start);
    bench.simd.copyRows(from + 4 * start, at + 4 * start * rows, rows, width >> 2, width & 3, 4 * size, 4 * PULL_WIDTH);
  }
  return at;
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

/** Where rows meet themselves only the columns from a row's own tile on are worked out. */
function squaresBySimd(bench: Bench, x: TensorInfo, y: TensorInfo, out: TensorInfo): void {
  const { simd, backend } = bench;
  const [rows, columns, quads] = [x.shape[0]!, y.shape[0]!, Math.ceil(x.shape[1]! / 4)];
  const isOwn = x.dataId === y.dataId;
  const yAt = inTiles(bench, y);
  const xAt = isOwn ? yAt : inTiles(bench, x);
  const [tiles, width] = [Math.ceil(columns / SQUARE_COLUMNS), roundUp(columns, SQUARE_COLUMNS)];
  const found = zeros(bench, SQUARE_ROWS * width);
  const squares = floats(backend, out);
  const tile = 16 * SQUARE_COLUMNS * quads; // bytes
  for (let row = 0; row < rows; row += SQUARE_ROWS) {
    const first = isOwn ? Math.floor(row / SQUARE_COLUMNS) : 0;
    const xNow = xAt + tile * Math.floor(row / SQUARE_COLUMNS) + 16 * (row % SQUARE_COLUMNS);
    const start = SQUARE_COLUMNS * first;
    simd.squaresOfTiles(xNow, yAt + tile * first, found.at + 4 * start, 4 * width, tiles - first, quads);
    for (let at = 0; at < Math.min(SQUARE_ROWS, rows - row); at++) {
      squares.set(found.values.subarray(at * width + start, at * width + columns), (row + at) * columns + start);
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

/** The columns of a row that have a weight, or `undefined` where many have. */
function fewWeights(weights: Float32Array): number[] | undefined {
  const used: number[] = [];
  for (let column = 0; column < weights.length; column++) {
    if (weights[column] === 0) continue;
    if (used.length * SPARSE >= weights.length) return undefined;
    used.push(column);
  }
  return used;
}

function pullBySimd(bench: Bench, x: TensorInfo, y: TensorInfo, h: TensorInfo, out: TensorInfo): void {
  const { simd, backend } = bench;
  const [rows, columns, size] = [x.shape[0]!, y.shape[0]!, x.shape[1]!];
  const yAt = inPieces(bench, y);
  const xAt = x.dataId === y.dataId ? yAt : inPieces(bench, x);
  const found = zeros(bench, roundUp(size, PULL_WIDTH) * rows);
  const hAt = addressOf(backend, h);
  const [weights, result] = [floats(backend, h), floats(backend, out)];
  const few: (number[] | undefined)[] = [];
  for (let row = 0; row < rows; row++) few.push(fewWeights(weights.subarray(row * columns, (row + 1) * columns)));

  const bytes = 4 * PULL_WIDTH;
  for (let piece = 0; piece * PULL_WIDTH < size; piece++) {
    const [xPiece, yPiece, outPiece] = [xAt, yAt, found.at].map((at, i) => at + bytes * piece * (i === 1 ? columns : rows)) as [number, number, number]; // prettier-ignore
    for (let start = 0; start < columns; start += BLOCK) {
      const [yNow, count] = [yPiece + bytes * start, Math.min(BLOCK, columns - start)];
      for (let row = 0; row < rows; row++) {
        if (few[row]) continue;
        simd.addPull(xPiece + bytes * row, yNow, hAt + 4 * (row * columns + start), outPiece + bytes * row, count);
      }
    }
    for (let row = 0; row < rows; row++) {
      const own = few[row];
      if (!own) continue;
      for (const column of own) {
        const hNow = hAt + 4 * (row * columns + column);
        simd.addPull(xPiece + bytes * row, yPiece + bytes * column, hNow, outPiece + bytes * row, 1);
      }
    }
    const width = Math.min(PULL_WIDTH, size - piece * PULL_WIDTH);
    for (let row = 0; row < rows; row++) {
      const first = (piece * rows + row) * PULL_WIDTH;
      for (let k = 0; k < width; k++) result[row * size + piece * PULL_WIDTH + k] = found.values[first + k]!;
    }
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
    withScratch(backend, (own) => {
      const bench = { simd, backend, own };
      if (h) pullBySimd(bench, x, y, h, out);
      else squaresBySimd(bench, x, y, out);
    });
  } else {
    const [from, to, result] = [floats(backend, x), floats(backend, y), floats(backend, out)];
    if (h) pullByLoops([from, to, floats(backend, h), result], sizes);
    else squaresByLoops(from, to, result, sizes);
  }
  return out;
};
