import { util, type TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, floats, makeOutput, type WasmKernel } from './heap';
import { simdOf } from './simd';

/**
 * Rows that are added to each other before their sum joins the total: the error grows with 256 + rows / 256, not with
 * rows.
 */
const BLOCK = 256;

/**
 * Sum over all axes but the last, the gradient of a bias, in one pass; the backend's own kernel transposes first. Other
 * sums are the backend's.
 */
export function sum(stock: WasmKernel): WasmKernel {
  return (call) => {
    const { inputs, backend, attrs } = call;
    const { x } = inputs as { x: TensorInfo };
    const { axis, keepDims } = attrs as { axis: number | number[] | undefined; keepDims?: boolean };
    const rank = x.shape.length;
    const axes = util.parseAxisParam(axis ?? x.shape.map((_, i) => i), x.shape);
    const columns = x.shape[rank - 1] ?? 0;
    const isOfRows = rank > 1 && axes.length === rank - 1 && !axes.includes(rank - 1);
    const simd = isOfRows && x.dtype === 'float32' && columns > 0 && columns % 4 === 0 ? simdOf(backend) : undefined;
    if (!simd) return stock(call);

    const out = makeOutput(backend, keepDims ? [...axes.map(() => 1), columns] : [columns]);
    floats(backend, out).fill(0);
    const [from, to] = [addressOf(backend, x), addressOf(backend, out)];
    const rows = util.sizeFromShape(x.shape) / columns;
    for (let row = 0; row < rows; row += BLOCK) {
      simd.addRows(from + 4 * row * columns, to, Math.min(BLOCK, rows - row), columns / 4, 4 * columns);
    }
    return out;
  };
}
