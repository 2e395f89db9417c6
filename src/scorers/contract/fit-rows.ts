import { ArgumentError } from '../../core/errors';
import { checkLabels } from '../../core/labels';
import type { ModelUse } from './define-row-scorer';
import { readNumbers, type Widths } from './read-numbers';
import type { Rows } from './rows';
import type { Blocks, FitNeed, FitProgress, ModelParts } from './scorer';

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

interface FitHow {
  parts: Partial<ModelParts>;
  first: ModelUse['first'] | undefined;
  onProgress: FitProgress['onProgress'] | undefined;
}

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
  { parts, first, onProgress }: FitHow,
): AsyncGenerator<ReadRows> {
  const { head } = parts;
  const widths: Widths = { ...(head && { features: head.shape[0], logits: head.shape[1] }) };
  let seen = 0;
  for await (const block of blocks) {
    const { count, features, logits, labels } = await readNumbers(where, block, needs, widths);
    if (seen === 0) await first?.(where, parts, block);
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
