import { checkedHead } from '../scorers/contract/checked-head';
import { checkHeadAgrees } from '../scorers/contract/head-agreement';
import { readRows } from '../scorers/contract/rows';
import type { Head, ModelOutputs } from '../scorers/contract/scorer';
import { checkGivenOutputs, widthsOf, type OutputWidths } from './given-outputs';

/**
 * Takes note of the first outputs that a fit sees: how wide they are, and that a head makes these logits of these
 * features.
 */
export function firstOutputs(where: string, needs: readonly string[], head: Head | undefined) {
  let widths: OutputWidths | undefined;
  return {
    widths: (): OutputWidths => widths ?? {},
    async see(batch: Partial<ModelOutputs>): Promise<void> {
      if (widths) return checkGivenOutputs(where, batch, widths);
      widths = widthsOf(where, batch, needs);
      checkGivenOutputs(where, batch, widths);
      if (!head || batch.features === undefined || batch.logits === undefined) return;
      const [features, logits] = [await readRows(where, 'features', batch), await readRows(where, 'logits', batch)];
      checkHeadAgrees(where, checkedHead(where, { head }), features, logits);
    },
  };
}
