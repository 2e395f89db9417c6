import type { Tensor2D } from '@tensorflow/tfjs-core';
import { tagOf } from '../core/shown-value';
import { ArgumentError, NotFiniteError, ShapeError } from '../core/errors';

/** A batch of embeddings [N, D]: a tensor, or numbers from any runtime. */
export type Embeddings = Tensor2D | { readonly data: Float32Array; readonly shape: readonly [number, number] };

/** The numbers of a batch [N, D], row by row; reads a tensor once, without stalling the GPU. */
export async function readEmbeddings(
  where: string,
  embeddings: Embeddings,
  what = 'embeddings',
): Promise<{ data: Float32Array; shape: readonly [number, number] }> {
  const { dims, shape = dims! } = Object(embeddings) as Partial<Record<'dims' | 'shape', readonly [number, number]>>;
  if (shape?.length !== 2 || !shape.every((side) => Number.isSafeInteger(side) && side >= 0) || shape[1] < 1) {
    throw new ShapeError(where, what, '[N, D], a tensor or { data, shape }', shape ?? embeddings);
  }
  const data = await numbersOf(where, embeddings, what);
  if (data.length !== shape[0] * shape[1]) {
    const expected = `${shape[0] * shape[1]} numbers for [${shape.join(', ')}]`;
    throw new ShapeError(where, `${what}.data`, expected, data.length);
  }
  return { data, shape };
}

async function numbersOf(where: string, embeddings: Embeddings, what: string): Promise<Float32Array> {
  if (embeddings.data instanceof Float32Array) return embeddings.data;
  if (typeof embeddings.data === 'function') {
    const numbers: ArrayLike<number> = await embeddings.data();
    return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers); // an int32 tensor
  }
  const received = tagOf(embeddings.data);
  throw new ArgumentError(where, `${what}.data`, 'a Float32Array or a tensor', received);
}

/** Throws at the first number that is not finite, naming its row and column. */
export function checkFinite(where: string, data: ArrayLike<number>, columns: number, what = 'embeddings'): void {
  if (data instanceof Float32Array && allFinite(data)) return;
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i]!)) continue;
    const received = `${data[i]} at row ${Math.floor(i / columns)}, column ${i % columns}`;
    throw new NotFiniteError(where, what, 'finite numbers', received);
  }
}

/** 0 times a finite number is 0, else NaN; four sums, because one would wait for itself. */
function allFinite(data: Float32Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  const end = data.length - (data.length % 4);
  for (let i = 0; i < end; i += 4) {
    a += data[i]! * 0;
    b += data[i + 1]! * 0;
    c += data[i + 2]! * 0;
    d += data[i + 3]! * 0;
  }
  for (let i = end; i < data.length; i++) a += data[i]! * 0;
  return a + b + c + d === 0;
}
