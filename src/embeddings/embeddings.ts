import type { Tensor2D } from '@tensorflow/tfjs-core';
import { NotFiniteError, ShapeError } from '../errors';

/** A batch of embeddings [N, D]: a tensor, or numbers from any runtime. */
export type Embeddings = Tensor2D | { readonly data: Float32Array; readonly shape: readonly [number, number] };

/** The numbers of a batch [N, D], row by row; reads a tensor once, without stalling the GPU. */
export async function readEmbeddings(
  where: string,
  embeddings: Embeddings,
): Promise<{ data: Float32Array; shape: readonly [number, number] }> {
  const { shape } = embeddings;
  if (shape.length !== 2 || !(shape[1] > 0)) {
    throw new ShapeError({ where, what: 'embeddings', expected: '[N, D]', received: `[${shape.join(', ')}]` });
  }
  const data =
    'data' in embeddings && embeddings.data instanceof Float32Array ? embeddings.data : await read(embeddings);
  if (data.length !== shape[0] * shape[1]) {
    const expected = `${shape[0] * shape[1]} numbers for [${shape.join(', ')}]`;
    throw new ShapeError({ where, what: 'embeddings.data', expected, received: String(data.length) });
  }
  return { data, shape };
}

const read = async (embeddings: Embeddings): Promise<Float32Array> =>
  Float32Array.from(await (embeddings as Tensor2D).data());

/** Throws at the first number that is not finite, naming its row and column. */
export function checkFinite(where: string, data: ArrayLike<number>, columns: number): void {
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i]!)) continue;
    const received = `${data[i]} at row ${Math.floor(i / columns)}, column ${i % columns}`;
    throw new NotFiniteError({ where, what: 'embeddings', expected: 'finite numbers', received });
  }
}
