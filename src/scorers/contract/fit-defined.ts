import { ArgumentError } from '../../core/errors';
import { pauses } from '../../core/pauses';
import type { Declared, Read } from '../../core/read-options';
import type { Definition, Fitted, Found, ModelUse } from './define-row-scorer';
import { readFitOptions } from './fit-options';
import { fitRows } from './fit-rows';
import { idsFor } from '../partial/sampled-rows';
import type { Blocks, FitBlock, FitNeed, FitProgress, ModelParts, Need, PartsFor, Scorer } from './scorer';

/** The fit of a declared scorer, in one pass over the blocks. */
export async function fitDefined<
  N extends Need,
  F extends FitNeed,
  O extends object,
  D extends Declared<O>,
  W extends Fitted,
  X extends object,
  M extends object,
  S extends Scorer<N>,
>(
  where: string,
  options: Read<O, D>,
  { fitNeeds, gather, fit }: Definition<N, F, O, D, W, X, M>,
  use: ModelUse | undefined,
  scorerOf: (found: Found<W, X>, options: Read<O, D>, parts: ModelParts) => S,
  blocks: Blocks<F>,
  how: FitProgress & PartsFor<F>,
): Promise<S> {
  const { onProgress, signal, ...given } = readFitOptions(where, how);
  const pause = pauses(signal);
  await pause();
  const parts = use?.parts(where, fitNeeds, given) ?? ({} as ModelParts);
  const gathered = gather?.(parts, options);
  const { sample } = gathered ?? {};
  const ids = sample && ((block: FitBlock, count: number) => idsFor(where, sample, block.ids, count));
  const rows = fitRows(where, blocks, fitNeeds, { onProgress, pause }, use?.rows(where, parts), ids);
  if (!gathered && !fit) throw new ArgumentError(where, 'definition', 'one with `gather` or `fit`', 'neither');
  if (!gathered) return scorerOf(await fit!(rows, parts, options, pause), options, parts);
  for await (const block of rows) await gathered.add(block, pause, block);
  return scorerOf(await gathered.finish(pause), options, parts);
}
