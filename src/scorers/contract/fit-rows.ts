import { ArgumentError } from '../../core/errors';
import type { RowId } from '../partial/row-ids';
import { readNumbers, type Widths } from './read-numbers';
import type { Rows } from './rows';
import type { Pause } from '../../core/pauses';
import type { Blocks, FitBlock, FitNeed, FitProgress } from './scorer';

/** A block of a fit, read and checked: numbers of all that was asked for. */
export interface ReadRows {
  count: number;
  features: Rows;
  logits: Rows;
  /** Class indices. */
  labels: Int32Array;
  /** Where the blocks have them and rows are kept by them. */
  ids?: readonly RowId[] | undefined;
}

/** Blocks as a fit goes through them; only what its needs name is there. */
export type FitRows<F extends FitNeed> = AsyncIterable<FitRow<F>>;

/** One of these blocks. */
export type FitRow<F extends FitNeed> = Pick<ReadRows, Extract<F, keyof ReadRows> | 'count' | 'ids'>;

/** What a fit knows of its rows beforehand. */
export interface KnownRows {
  /** D and C of the model's head. */
  widths: Widths;
  /** Looks at the first block. */
  first(block: object): Promise<void>;
}

/**
 * The blocks one by one: of equal widths throughout, as many of everything, finite, with labels that are class indices
 * of the head where there is one. Where the first has logits beside its features, the head is compared with them: a
 * matrix the wrong way round, with as many classes as features, shows in nothing else.
 *
 * `ids` reads those of a block.
 *
 * @throws ArgumentError where there was no row at all, or for a head that does not make these logits
 */
export async function* fitRows<F extends FitNeed>(
  where: string,
  blocks: Blocks<F>,
  needs: readonly F[],
  { onProgress, pause }: { onProgress: FitProgress['onProgress'] | undefined; pause: Pause },
  known?: KnownRows,
  ids?: (block: FitBlock, count: number) => readonly RowId[] | undefined,
): AsyncGenerator<ReadRows> {
  const widths = { ...known?.widths };
  let seen = 0;
  for await (const block of blocks) {
    await pause();
    const { count, features, logits, labels } = await readNumbers(where, block, needs, widths, known?.widths.logits);
    if (seen === 0) await known?.first(block);
    if (features) widths.features = features.shape[1];
    if (logits) widths.logits = logits.shape[1];
    yield { count, features: features!, logits: logits!, labels: labels!, ids: ids?.(block as FitBlock, count) };
    seen += count;
    onProgress?.(seen);
  }
  if (seen === 0) throw new ArgumentError(where, 'blocks', 'at least one row', 'no row');
}
