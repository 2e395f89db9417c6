import { sortScores } from '../../core/sort-scores';
import type { Batch, FitBlock, FitProgress, ModelParts, ScorerMethod } from '../../scorers/contract/scorer';
import type { Judge } from './judge';
import { lostRows } from './rare-classes';

/** Rows that fit, and after their end rows that calibrate. */
export interface HeldOutRows {
  fit: AsyncIterable<FitBlock & Batch>;
  /** Which classes had no row in the fit. */
  endOfFit(): Promise<readonly number[]>;
  calibration: AsyncIterable<FitBlock & Batch>;
}

/**
 * A scorer fitted on some rows and calibrated on others. Rows of classes that the fit had none of are taken in
 * afterwards: they calibrate by the scores that they had while they were unknown.
 */
export async function fitHeldOut(
  where: string,
  method: ScorerMethod,
  parts: ModelParts & FitProgress,
  { fit, endOfFit, calibration }: HeldOutRows,
): Promise<Judge> {
  const asked = parts.signal && { signal: parts.signal };
  let scorer = await method.fit(fit, parts);
  try {
    const lost = lostRows(await endOfFit());
    const scores: number[] = [];
    for await (const block of calibration) {
      for (const score of await scorer.score(block, asked)) scores.push(score);
      if ((block as Partial<FitBlock>).labels) await lost.collect(where, scorer, block);
    }
    scorer = await lost.takenInBy(scorer);
    return { scorers: [scorer], calibrations: [sortScores(scores) as Float64Array] };
  } catch (error) {
    scorer.dispose();
    throw error;
  }
}
