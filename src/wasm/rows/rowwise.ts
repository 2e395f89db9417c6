import { backend_util, util, type TensorInfo } from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { addressOf, floats, makeOutput, withScratch, type WasmKernel } from '../heap';
import { simdOf } from '../simd';

/** Numbers that the functions take at once, and those of a row where no shape says. */
const [GROUP, RUN] = [16, 4096];

const OPERATIONS = {
  Equal: (a: number, b: number) => a === b,
  NotEqual: (a: number, b: number) => a !== b,
  Less: (a: number, b: number) => a < b,
  Greater: (a: number, b: number) => a > b,
  LessEqual: (a: number, b: number) => a <= b,
  GreaterEqual: (a: number, b: number) => a >= b,
  Maximum: (a: number, b: number) => Math.max(a, b),
  Minimum: (a: number, b: number) => Math.min(a, b),
} as const;
export type Rowwise = keyof typeof OPERATIONS;

/** An operand along the rows of the output: what it moves on by from row to row, and whether one number fills a row. */
interface Side {
  step: number;
  isSpread: boolean;
}

/** `undefined` for a shape that is neither the output's, nor one row, one column or one number of it. */
function sideOf(shape: readonly number[], out: readonly number[]): Side | undefined {
  const own = [...out.slice(shape.length).map(() => 1), ...shape];
  const [lead, last] = [own.slice(0, -1), own.at(-1)!];
  const isTall = lead.every((side, axis) => side === out[axis]);
  if (!isTall && lead.some((side) => side !== 1)) return undefined;
  return { step: isTall ? last : 0, isSpread: last < out.at(-1)! };
}

/** Rows of the output and how the operands run along them; those of one shape, or of one number, are one long row. */
function layoutOf(a: number[], b: number[], out: number[]): { width: number; sides: (Side | undefined)[] } {
  const size = util.sizeFromShape(out);
  const sizes = [a, b].map((own) => util.sizeFromShape(own));
  if (sizes.some((own) => own !== size && own !== 1)) {
    return { width: out.at(-1)!, sides: [a, b].map((own) => sideOf(own, out)) };
  }
  return { width: RUN, sides: sizes.map((own) => ({ step: own === size ? RUN : 0, isSpread: own < size })) };
}

/** The numbers of an operand for one row of the output after another: where they lie, and each of them. */
function rowsOf(backend: BackendWasm, operand: TensorInfo, { step, isSpread }: Side, row: TensorInfo) {
  const [values, first] = [floats(backend, operand), addressOf(backend, operand)];
  const [filled, rowAt] = [floats(backend, row), addressOf(backend, row)];
  let last: number | undefined;
  const spread = (at: number): number => {
    if (last !== step * at) filled.fill(values[(last = step * at)]!);
    return rowAt;
  };
  return {
    addressOf: isSpread ? spread : (at: number) => first + 4 * step * at,
    valueOf: (at: number, place: number): number => values[step * at + (isSpread ? 0 : place)]!,
  };
}

/**
 * A comparison, the larger or the smaller of two numbers, a row of the output at a time; the backend's own kernels take
 * 230 ns for each number of an outer comparison (labels [B, 1] with [1, B]), and 20 for others. What has another shape
 * or type is theirs.
 */
export const rowwise =
  (name: Rowwise) =>
  (stock: WasmKernel): WasmKernel =>
  (call) => {
    const { backend } = call;
    const { a, b } = call.inputs as { a: TensorInfo; b: TensorInfo };
    const isBits = name !== 'Maximum' && name !== 'Minimum';
    const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
    const { width, sides } = layoutOf(a.shape, b.shape, shape);
    const [first, second] = sides;
    const simd = a.dtype === 'float32' || (a.dtype === 'int32' && isBits) ? simdOf(backend) : undefined;
    if (!simd || a.dtype !== b.dtype || !first || !second) return stock(call);

    const [run, one] = [simd[`${a.dtype as 'float32'}${name}`], OPERATIONS[name]];
    const out = makeOutput(backend, shape, isBits ? 'bool' : a.dtype);
    const size = util.sizeFromShape(shape);
    withScratch(backend, (own) => {
      const rowFor = (side: Side) => own(makeOutput(backend, [side.isSpread ? width : 0], a.dtype));
      const [rowOfA, rowOfB] = [rowFor(first), rowFor(second)]; // before any numbers are looked at
      const [left, right] = [rowsOf(backend, a, first, rowOfA), rowsOf(backend, b, second, rowOfB)];
      const [found, to] = [floats(backend, out), addressOf(backend, out)];
      for (let row = 0; row * width < size; row++) {
        const count = Math.min(width, size - row * width);
        const groups = Math.floor(count / GROUP);
        const start = row * width;
        run(left.addressOf(row), right.addressOf(row), to + start * found.BYTES_PER_ELEMENT, groups);
        for (let at = groups * GROUP; at < count; at++) {
          found[start + at] = Number(one(left.valueOf(row, at), right.valueOf(row, at)));
        }
      }
    });
    return out;
  };
