import { seededRandom } from '../../core/random';
import type { Batch, FitBlock, FitProgress, ModelParts, Scorer, ScorerMethod } from '../../scorers/contract/scorer';
import type { Judge } from './judge';

/** Rows of each of `folds` parts, as equal as they go, by a seeded draw that looks at no label. */
export function foldRows(count: number, folds: number, seed: number): Int32Array[] {
  const order = seededRandom(seed).permutation(count);
  const from = (fold: number) => Math.floor((fold * count) / folds);
  return Array.from({ length: folds }, (_, fold) => order.slice(from(fold), from(fold + 1)));
}

/** What is known of the rows, block by block; each block is freed when the next is asked for. */
export type BlocksOf = (rows: Int32Array) => AsyncIterable<FitBlock & Batch>;

/**
 * A scorer for each fold, fitted on all rows but those of the fold, which give it its calibration.
 *
 * None is fitted on all rows with these scores: that would promise nothing.
 */
export async function fitFolds(
  method: ScorerMethod,
  parts: ModelParts & FitProgress,
  folds: readonly Int32Array[],
  blocksOf: BlocksOf,
): Promise<Judge> {
  const asked = parts.signal && { signal: parts.signal };
  const scorers: Scorer[] = [];
  const calibrations: Float64Array[] = [];
  try {
    for (const [k, own] of folds.entries()) {
      const others = Int32Array.from(folds.flatMap((rows, fold) => (fold === k ? [] : [...rows])));
      const scorer = await method.fit(blocksOf(others), parts);
      scorers.push(scorer);
      const scores: number[] = [];
      for await (const block of blocksOf(own)) scores.push(...(await scorer.score(block, asked)));
      calibrations.push(Float64Array.from(scores).sort());
    }
    return { scorers, calibrations };
  } catch (error) {
    for (const scorer of scorers) scorer.dispose();
    throw error;
  }
}

/**
 * The false-alarm rate that folds guarantee at a rate; what comes is near the rate itself.
 *
 * Source: Barber, Candes, Ramdas, Tibshirani, "Predictive inference with the jackknife+", Annals of Statistics 49
 * (2021), theorem 4, for the cross-conformal p-values of Vovk (2015).
 */
export const crossGuarantee = (count: number, folds: number, alpha: number): number =>
  Math.min(1, 2 * alpha + Math.min((2 * (1 - 1 / folds)) / (count / folds + 1), (1 - folds / count) / (folds + 1)));
