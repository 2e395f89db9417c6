import { ArgumentError } from '../../core/errors';
import { pauses } from '../../core/pauses';
import { sortScores } from '../../core/sort-scores';
import { checkedHead } from '../contract/checked-head';
import { checkHeadAgrees } from '../contract/head-agreement';
import { idShare } from '../partial/id-hash';
import { HeldRows, holdOutStream } from './held-rows';
import { relay } from './relay';
import type { FitBlock, FitNeed, FitProgress, ModelParts, Need, Scorer, ScorerMethod } from '../contract/scorer';
import { readBlock, rowsAt, withBlock, type NumberBlock } from '../contract/split-block';
import type { Widths } from '../contract/read-numbers';

/** How rows are held out of the members' fits. */
export interface MemberFit {
  share: number;
  seed: number;
  /** What scoring asks for. */
  needs: readonly Need[];
  /** What fitting asks for, and scoring. */
  fitNeeds: ReadonlySet<FitNeed>;
}

/** Fits all members in one pass over what is not held out; gives back what is. */
export async function fitMembers(
  where: string,
  methods: readonly ScorerMethod[],
  blocks: AsyncIterable<object> | Iterable<object>,
  { onProgress, ...own }: FitProgress & Partial<ModelParts>,
  { share, seed, needs, fitNeeds }: MemberFit,
): Promise<{ members: Scorer[]; held: HeldRows; widths: Widths }> {
  const pause = pauses(own.signal);
  await pause(); // before any of them begins
  const stream = holdOutStream(methods);
  const isHeld = idShare(seed, stream, share);
  const relays = methods.map(() => relay<never>());
  let failed: Error | undefined;
  const fits = methods.map((method, i) => {
    const { blocks: lent, leave } = relays[i]!;
    const fit = (async () => method.fit(lent, own as FitProgress & ModelParts))();
    fit.catch((error: Error) => (failed ??= error)).finally(leave);
    return fit;
  });
  const held = new HeldRows(needs, seed, stream);
  const widths: Widths = {};
  try {
    let [seen, kept, out] = [0, 0, 0];
    for await (const block of blocks) {
      await pause();
      const read = await readBlock(where, block, fitNeeds, widths);
      for (const what of ['features', 'logits'] as const) if (read[what]) widths[what] = read[what].shape[1];
      if (seen === 0 && own.head && read.features && read.logits) {
        await checkHeadAgrees(where, checkedHead(where, own), read.features, read.logits, pause);
      }
      const ids = held.idsOf(where, (block as Partial<FitBlock>).ids, read.count);
      const places = Array.from(ids.keys());
      const [fit, hold] = [places.filter((row) => !isHeld(ids[row]!)), places.filter((row) => isHeld(ids[row]!))];
      const idsAt = (rows: readonly number[]) => rows.map((row) => ids[row]!);
      held.add(rowsAt(read, hold), idsAt(hold));
      if (fit.length > 0) {
        const part = rowsAt(read, fit);
        const put = { ids: idsAt(fit) };
        await Promise.all(relays.map((to) => withBlock(part, (lent) => to.put({ ...lent, ...put } as never))));
      }
      if (failed) throw failed;
      [seen, kept, out] = [seen + read.count, kept + fit.length, out + hold.length];
      onProgress?.(seen);
    }
    if (kept === 0 || out === 0) {
      const expected = `at least one row to fit and one to calibrate with (calibrationShare ${share})`;
      throw new ArgumentError(where, 'blocks', expected, `${kept} and ${out}`);
    }
    await Promise.all(relays.map(({ end }) => end()));
    return { members: await Promise.all(fits), held, widths };
  } catch (error) {
    relays.forEach(({ fail }) => fail(error as Error));
    for (const fit of await Promise.allSettled(fits)) if (fit.status === 'fulfilled') fit.value.dispose();
    throw error;
  }
}

/** Scores of the rows held out, ascending. */
export async function heldScores(
  member: Scorer,
  held: readonly NumberBlock[],
  signal?: AbortSignal,
): Promise<Float32Array> {
  const scores: number[] = [];
  for (const block of held) {
    for (const score of await withBlock(block, (lent) => member.score(lent, signal && { signal }))) {
      scores.push(score);
    }
  }
  return sortScores(Float32Array.from(scores)) as Float32Array;
}
