import type { Batch, FitBlock } from '../../scorers/contract/scorer';
import { joinedRows, pickRows, type KnownBlock } from './known-rows';

/** Features, logits and labels of blocks as a whole; of no block an empty one. */
export async function gatheredRows(blocks: AsyncIterable<KnownBlock>): Promise<KnownBlock> {
  const all: KnownBlock[] = [];
  for await (const block of blocks) all.push(block);
  return joinedRows(all);
}

/** Any of these rows, block by block, as often as they are wanted. */
export const blocksIn = ({ features, logits, labels }: KnownBlock, blockSize: number) =>
  async function* blocksOf(rows: Int32Array): AsyncGenerator<FitBlock & Batch> {
    await Promise.resolve(); // an async generator, as that of rows that come from a model
    for (let from = 0; from < rows.length; from += blockSize) {
      const own = rows.subarray(from, from + blockSize);
      yield {
        ...(features && { features: pickRows(features, own) }),
        ...(logits && { logits: pickRows(logits, own) }),
        ...(labels && { labels: own.map((row) => labels[row]!) }),
      } as unknown as FitBlock & Batch;
    }
  };
