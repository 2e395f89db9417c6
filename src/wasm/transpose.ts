import type { TensorInfo } from '@tensorflow/tfjs-core';
import { floats, makeOutput, type WasmKernel } from './heap';

/** Rows and columns that a cache holds. */
const SIDE = 32;

/**
 * Matrices in squares; the backend's own kernel walks down whole columns, which takes 20 ns a number where rows are 4
 * KiB apart. What is no matrix of numbers is its own.
 */
export const transpose =
  (stock: WasmKernel): WasmKernel =>
  (call) => {
    const { backend, attrs } = call;
    const { x } = call.inputs as { x: TensorInfo };
    const [rows, columns] = x.shape as [number, number];
    const isTurn = x.shape.length === 2 && (attrs.perm as number[])[0] === 1;
    if (!isTurn || rows < SIDE || columns < SIDE || (x.dtype !== 'float32' && x.dtype !== 'int32')) return stock(call);

    const out = makeOutput(backend, [columns, rows], x.dtype);
    const [from, to] = [floats(backend, x), floats(backend, out)];
    for (let top = 0; top < rows; top += SIDE) {
      const bottom = Math.min(rows, top + SIDE);
      for (let left = 0; left < columns; left += SIDE) {
        const right = Math.min(columns, left + SIDE);
        for (let column = left; column < right; column++) {
          for (let row = top; row < bottom; row++) to[column * rows + row] = from[row * columns + column]!;
        }
      }
    }
    return out;
  };
