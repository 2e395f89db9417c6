import { joinedRows, type KnownBlock } from './known-rows';

/** Rows that a scorer takes together: a block costs some fits as much as so many rows, whatever is in it. */
const FEWEST_ROWS = 32;

const rowsOf = (block: KnownBlock): number => (block.features ?? block.logits)?.shape[0] ?? 0;

/** Blocks of outputs, small ones joined; the images of a block stay behind. */
export async function* joinedBlocks(blocks: AsyncIterable<KnownBlock>): AsyncGenerator<KnownBlock> {
  let kept: KnownBlock[] = [];
  let count = 0;
  for await (const block of blocks) {
    kept.push(block);
    count += rowsOf(block);
    if (count < FEWEST_ROWS) continue;
    yield kept.length === 1 ? block : joinedRows(kept);
    [kept, count] = [[], 0];
  }
  if (kept.length > 0) yield joinedRows(kept);
}
