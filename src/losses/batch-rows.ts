import { ShapeError } from '../core/errors';
import type { Tensor2D } from '@tensorflow/tfjs-core';

/** Throws unless the embeddings are rows, [B, D]. */
export function checkBatchRows(where: string, embeddings: Tensor2D): void {
  if (embeddings.rank !== 2) throw new ShapeError(where, 'embeddings', '[B, D]', embeddings.shape);
}

/** Throws unless the embeddings are [B, D] and the rows (centers, proxies) as wide. */
export function checkRowsOf(where: string, what: string, rows: Tensor2D, embeddings: Tensor2D): void {
  checkBatchRows(where, embeddings);
  if (rows.rank === 2 && rows.shape[1] === embeddings.shape[1]) return;
  throw new ShapeError(where, what, `[C, ${embeddings.shape[1]}], as wide as the embeddings`, rows.shape);
}
