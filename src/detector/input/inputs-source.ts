import * as tf from '@tensorflow/tfjs-core';
import { ArgumentError, NotFiniteError, ShapeError } from '../../core/errors';
import type { GivenNumbers } from '../../scorers/contract/given-rows';
import { checkFiniteImages, LOOKED_AT } from '../../tensors/finite-images';
import { integersBelow, isHalf, LARGEST_HALF, LARGEST_SINGLE } from '../../tensors/precision';
import type { RowSource } from './model-rows';
import { fromNumberLists, type NumberLists } from './number-lists';

/**
 * What goes into a model that is not of images, [N, ...], with nothing done to it: a tensor, numbers with `shape` or
 * `dims` (bytes and int64 too, as they are), or nested lists; one row without N too.
 */
export type ModelInputs =
  | tf.Tensor
  | { readonly data: GivenNumbers; readonly shape: readonly number[] }
  | { readonly data: GivenNumbers; readonly dims: readonly number[] }
  | { readonly images: GivenNumbers; readonly shape: readonly number[] }
  | ArrayLike<number>
  | readonly NumberLists[];

/** What a model declares of its input. */
export interface DeclaredInput {
  /** Axes, N among them; undefined where nobody knows. */
  rank: number | undefined;
  /** `int32` or `float32`; undefined where nobody knows. */
  dtype: string | undefined;
  /** Before each part of the work: a pause, and a look at the backend. */
  ready(): Promise<void>;
}

const WHAT = 'inputs';

/** Numbers [N, ...] of whatever came but tensors. */
function numbersOf(
  where: string,
  given: unknown,
): { data: ArrayLike<number>; shape: readonly number[]; isInt: boolean } {
  if (Array.isArray(given) || ArrayBuffer.isView(given)) {
    return { ...fromNumberLists(where, WHAT, given as unknown as ArrayLike<unknown>), isInt: false };
  }
  const { data: own, images, shape: named, dims, then, type } = (given ?? {}) as Record<string, unknown>;
  const [data, shape] = [own ?? images, named ?? dims];
  if (!Array.isArray(shape) || !(Array.isArray(data) || ArrayBuffer.isView(data))) {
    const expected = 'a tensor, { data, shape: [N, ...] } or nested lists of numbers';
    const received = typeof then === 'function' ? 'a promise (await it)' : given;
    throw new ArgumentError(where, WHAT, expected, received);
  }
  if (type === 'float16') throw new ArgumentError(where, `${WHAT}.data`, 'float32, not the bits of float16', type);
  const isInt64 = data instanceof BigInt64Array || data instanceof BigUint64Array;
  const list = isInt64 ? Array.from(data as BigInt64Array, Number) : (data as ArrayLike<number>);
  const odd = Array.isArray(data) ? data.findIndex((value) => typeof value !== 'number') : -1;
  if (odd >= 0) {
    throw new ArgumentError(
      where,
      `${WHAT}.data`,
      'numbers',
      `${typeof list[odd]} ${String(list[odd])} at index ${odd}`,
    );
  }
  const isShape = shape.every((side) => Number.isSafeInteger(side) && (side as number) >= 0);
  const size = isShape ? (shape as number[]).reduce((product, side) => product * side, 1) : NaN;
  if (size !== list.length) throw new ShapeError(where, `${WHAT}.shape`, `that of ${list.length} numbers`, shape);
  return { data: list, shape: shape as number[], isInt: isInt64 || data instanceof Int32Array };
}

/** Throws unless the backend holds each of the numbers. */
async function checkNumbers(
  where: string,
  data: ArrayLike<number>,
  rowSize: number,
  isInt: boolean,
  ready: () => Promise<void>,
): Promise<void> {
  const largest = isInt ? integersBelow() - 1 : isHalf() ? LARGEST_HALF : LARGEST_SINGLE;
  for (let at = 0; at < data.length; at++) {
    if (at % LOOKED_AT === 0) await ready();
    const value = data[at]!;
    if (Math.abs(value) <= largest && (!isInt || Number.isInteger(value))) continue;
    const expected = isInt ? `whole numbers up to ${largest}` : 'finite numbers that the backend holds';
    const received = `${value} at row ${Math.floor(at / rowSize)}`;
    throw new NotFiniteError(where, WHAT, `${expected} (drop or mend that row)`, received);
  }
}

/** Of a tensor, looked at block by block. */
async function checkTensor(
  where: string,
  tensor: tf.Tensor,
  blockSize: number,
  ready: () => Promise<void>,
): Promise<void> {
  if (tensor.dtype === 'int32' || tensor.dtype === 'bool') return;
  for (let from = 0; from < tensor.shape[0]; from += blockSize) {
    await ready();
    const count = Math.min(blockSize, tensor.shape[0] - from);
    const rows = Int32Array.from({ length: count }, (_, i) => from + i);
    const part = tf.tidy(() => tf.gather(tensor, tf.tensor1d(rows, 'int32')));
    try {
      await checkFiniteImages(where, part, (row) => from + row, ready);
    } catch (error) {
      if (!(error instanceof NotFiniteError)) throw error;
      const { expected, received } = error.details;
      throw new NotFiniteError(where, WHAT, expected.replace('that image', 'that row'), received);
    } finally {
      part.dispose();
    }
  }
}

/** Rows for a model that is not of images: as they are, neither scaled nor looked at for a range. */
export function inputsSource(
  where: string,
  given: ModelInputs,
  { rank, dtype, ready }: DeclaredInput,
): Omit<RowSource, 'checkFitted'> {
  const withRows = (shape: readonly number[]) => (shape.length + 1 === rank ? [1, ...shape] : shape);
  if (given instanceof tf.Tensor) {
    if (given.isDisposed) throw new ArgumentError(where, WHAT, 'a tensor that is not disposed of', 'one that is');
    if (given.dtype === 'string' || given.rank === 0) {
      throw new ArgumentError(
        where,
        WHAT,
        'a tensor of numbers [N, ...]',
        `${given.dtype} [${given.shape.join(', ')}]`,
      );
    }
    const shape = withRows(given.shape);
    return {
      shape,
      block: (rows) => tf.tidy(() => tf.gather(tf.reshape(given, [...shape]), tf.tensor1d(rows, 'int32'))),
      async check(blockSize) {
        const all = tf.reshape(given, [...shape]);
        await checkTensor(where, all, blockSize, ready).finally(() => all.dispose());
      },
    };
  }
  const { data, shape: own, isInt: came } = numbersOf(where, given);
  const shape = withRows(own);
  const tail = shape.slice(1);
  const size = tail.reduce((product, side) => product * side, 1);
  // A model says what it takes; of another function what came does.
  const isInt = dtype === undefined ? came : dtype === 'int32';
  return {
    shape,
    block(rows) {
      const values = isInt ? new Int32Array(rows.length * size) : new Float32Array(rows.length * size);
      rows.forEach((row, i) => {
        for (let at = 0; at < size; at++) values[i * size + at] = data[row * size + at]!;
      });
      return tf.tensor(values, [rows.length, ...tail], isInt ? 'int32' : 'float32');
    },
    async check() {
      await ready();
      await checkNumbers(where, data, size, isInt, ready);
    },
  };
}
