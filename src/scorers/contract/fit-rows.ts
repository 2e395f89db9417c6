import { ArgumentError } from '../../core/errors';
import { checkLabels } from '../../core/labels';
import { checkHeadAgrees } from './head-agreement';
import { readRows, type Rows } from './rows';
import type { Blocks, FitNeed, FitProgress, ModelOutputs, ModelParts } from './scorer';
import { readBlock, type Widths } from './split-block';

/** A block of a fit, read and checked: numbers of all that was asked for. */
export interface ReadRows {
  count: number;
  features: Rows;
  logits: Rows;
  /** Class indices. */
  labels: Int32Array;
}

/** Blocks as a fit goes through them; only what its needs name is there. */
export type FitRows<F extends FitNeed> = AsyncIterable<Pick<ReadRows, Extract<F, keyof ReadRows> | 'count'>>;

/**
 * The blocks one by one: of equal widths throughout, as many of everything, finite, with labels that are class indices
 * of the head where there is one. Where the first has logits beside its features, the head is compared with them: a
 * matrix the wrong way round, with as many classes as features, shows in nothing else.
 *
 * @throws ArgumentError where there was no row at all, or for a head that does not make these logits
 */
export async function* fitRows<F extends FitNeed>(
  where: string,
  blocks: Blocks<F>,
  needs: readonly F[],
  { head }: Partial<ModelParts>,
  onProgress: FitProgress['onProgress'],
): AsyncGenerator<ReadRows> {
  const asked = new Set<FitNeed>(needs);
  const widths: Widths = { ...(head && { features: head.shape[0], logits: head.shape[1] }) };
  let seen = 0;
  for await (const block of blocks) {
    const { count, features, logits, labels } = await readBlock(where, block, asked, widths);
    if (head && seen === 0) await checkHead(where, head, block);
    if (features) widths.features = features.shape[1];
    if (logits) widths.logits = logits.shape[1];
    const classes = head?.shape[1];
    const expected = classes === undefined ? undefined : `class indices from 0 to ${classes - 1} (leave OoD rows out)`;
    const own = labels && checkLabels(where, labels, { below: classes, expected });
    yield { count, features: features!, logits: logits!, labels: own! };
    seen += count;
    onProgress?.(seen);
  }
  if (seen === 0) throw new ArgumentError(where, 'blocks', 'at least one row', 'no row');
}

async function checkHead(where: string, head: ModelParts['head'], block: Partial<ModelOutputs>): Promise<void> {
  const { features, logits } = block;
  if (features === undefined || logits === undefined) return;
  const rows = [await readRows(where, 'features', { features }), await readRows(where, 'logits', { logits })] as const;
  checkHeadAgrees(where, head, ...rows);
}
