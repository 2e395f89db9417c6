import { sortScores } from '../../core/sort-scores';
import type { ModelParts, ScorerMethod } from '../../scorers/contract/scorer';
import type { BlocksOf } from './cross-fit';
import type { Judge } from './judge';
import { lostRows } from './rare-classes';

/** Rows that fit, rows that calibrate, and the classes that have none among the first. */
export interface Split {
  fit: Int32Array;
  calibration: Int32Array;
  classesWithoutRow: readonly number[];
}

/**
 * A scorer fitted on some rows and calibrated on others. Rows of classes that the fit had none of are taken in
 * afterwards: they calibrate by the scores that they had while they were unknown.
 */
export async function fitHeldOut(
  where: string,
  method: ScorerMethod,
  parts: ModelParts,
  { fit, calibration, classesWithoutRow }: Split,
  blocksOf: BlocksOf,
): Promise<Judge> {
  let scorer = await method.fit(blocksOf(fit), parts);
  try {
    const scores = new Float64Array(calibration.length);
    const lost = lostRows(classesWithoutRow);
    let at = 0;
    for await (const block of blocksOf(calibration)) {
      const own = await scorer.score(block);
      scores.set(own, at);
      at += own.length;
      if (classesWithoutRow.length > 0) await lost.collect(where, scorer, block);
    }
    const calibrations = [sortScores(scores) as Float64Array];
    scorer = await lost.takenInBy(scorer);
    return { scorers: [scorer], calibrations };
  } catch (error) {
    scorer.dispose();
    throw error;
  }
}
