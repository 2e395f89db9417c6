import type { Tensor2D } from '@tensorflow/tfjs-core';
import { ShapeError } from '../core/errors';

/** Throws unless they are rows of a tensor, [B, D] of numbers; whole ones are numbers, too. */
export function checkBatchRows(where: string, rows: Tensor2D, what = 'embeddings', place = ' after labels'): void {
  if ((rows as Tensor2D | undefined)?.rank === 2 && rows.dtype !== 'string') return;
  throw new ShapeError(
    where,
    what,
    `a tensor [B, D] of numbers${place}`,
    (rows as Tensor2D | undefined)?.shape ?? rows,
  );
}

/** Throws unless the embeddings are [B, D] and the rows (centers, proxies) as wide. */
export function checkRowsOf(where: string, what: string, rows: Tensor2D, embeddings: Tensor2D): void {
  checkBatchRows(where, embeddings);
  checkBatchRows(where, rows, what, '');
  if (rows.shape[1] === embeddings.shape[1]) return;
  throw new ShapeError(where, what, `[C, ${embeddings.shape[1]}], as wide as the embeddings`, rows.shape);
}
