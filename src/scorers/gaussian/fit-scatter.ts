import { ClassScatter } from '../../embeddings/class-scatter';
import { checkFinite } from '../../tensors/embeddings';
import { ArgumentError, NotFiniteError } from '../../core/errors';
import { readUncheckedRows } from '../contract/rows';
import type { Blocks, FitProgress } from '../contract/scorer';

/** Goes through labeled features once. @throws ArgumentError where there is no row */
export async function fitScatter(
  where: string,
  blocks: Blocks<'features' | 'labels'>,
  { onProgress }: FitProgress,
  { perClass, blockSize }: { perClass: boolean; blockSize: number },
): Promise<ClassScatter> {
  const store = new ClassScatter({ perClass, blockSize });
  let seen = 0;
  for await (const block of blocks) {
    const rows = await readUncheckedRows(where, 'features', block, store.embeddingSize);
    try {
      await store.add(rows, block.labels);
    } catch (error) {
      if (error instanceof NotFiniteError) checkFinite(where, rows.data, rows.shape[1], 'features'); // in our words
      throw error;
    }
    seen += rows.shape[0];
    onProgress?.(seen);
  }
  if (seen > 0) return store;
  throw new ArgumentError(where, 'blocks', 'at least one row', 'no row');
}
