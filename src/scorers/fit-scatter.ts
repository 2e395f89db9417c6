import { ClassScatter } from '../embeddings/class-scatter';
import { ArgumentError } from '../errors';
import { readRows } from './rows';
import type { Blocks, FitProgress } from './scorer';

/** Goes through labelled features once. @throws ArgumentError where there is no row */
export async function fitScatter(
  where: string,
  blocks: Blocks<'features' | 'labels'>,
  { onProgress }: FitProgress,
  { perClass, blockSize }: { perClass: boolean; blockSize: number },
): Promise<ClassScatter> {
  const store = new ClassScatter({ perClass, blockSize });
  let seen = 0;
  for await (const block of blocks) {
    const rows = await readRows(where, 'features', block, store.embeddingSize);
    await store.add(rows, block.labels);
    seen += rows.shape[0];
    onProgress?.(seen);
  }
  if (seen > 0) return store;
  throw new ArgumentError({ where, what: 'blocks', expected: 'at least one row', received: 'no row' });
}
