import { checkHeadAgrees } from './head-agreement';
import { readRows } from './rows';
import type { Blocks, FitBlock, FitNeed, Head, ModelOutputs } from './scorer';

/**
 * The blocks as they come. Where the first has logits beside its features, the head is compared with them once: a
 * matrix the wrong way round, with as many classes as features, shows in nothing else.
 *
 * @throws ArgumentError for a head that does not make these logits of these features
 */
export async function* agreeingBlocks<F extends FitNeed>(
  where: string,
  head: Head,
  blocks: Blocks<F>,
): AsyncGenerator<FitBlock<F>> {
  let isFirst = true;
  for await (const block of blocks) {
    const { features, logits } = block as Partial<ModelOutputs>;
    if (isFirst && features && logits) {
      const rows = [
        await readRows(where, 'features', { features }),
        await readRows(where, 'logits', { logits }),
      ] as const;
      checkHeadAgrees(where, head, ...rows);
    }
    isFirst = false;
    yield block;
  }
}
