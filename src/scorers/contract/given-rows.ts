import type { Tensor } from '@tensorflow/tfjs-core';
import type { Embeddings } from '../../tensors/embeddings';
import { ShapeError } from '../../core/errors';

/** Numbers of any runtime: int64 becomes numbers; strings, and half precision as bits, are refused. */
export type GivenNumbers = ArrayLike<number> | ArrayLike<bigint> | readonly string[];

/** Rows [N, D]: a tensor of tfjs, or one of another runtime (or what it is made of), with `shape` or `dims`. */
export type GivenRows =
  | Tensor
  | { readonly data: GivenNumbers; readonly shape: readonly number[] }
  | { readonly data: GivenNumbers; readonly dims: readonly number[] };

/** As float32, but not of the bits of half precision, which some runtimes keep in a Uint16Array. */
const floats = (data: unknown): unknown =>
  (ArrayBuffer.isView(data) ? data instanceof Float32Array || data instanceof Uint16Array : !areNumbers(data))
    ? data
    : Float32Array.from(data as number[], Number);

const areNumbers = (data: unknown): boolean => Array.isArray(data) && data.every((value) => typeof value === 'number');

/** The rows as a tensor, or as float32 with a shape; whether these fit is left to who reads them. @throws ShapeError */
export function rowsWithShape(where: string, what: string, given: unknown): Embeddings {
  const { data, dims, shape = dims } = (given ?? {}) as Record<string, unknown>;
  if (!Array.isArray(shape)) throw new ShapeError(where, what, 'a tensor or { data, shape: [N, D] }', given);
  return (typeof data === 'function' ? given : { data: floats(data), shape }) as Embeddings;
}
