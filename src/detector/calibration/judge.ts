import { countFrom } from '../../core/p-value';
import type { Batch, Scorer } from '../../scorers/contract/scorer';
import { allowedAlarms } from '../../thresholds/allowed-alarms';
import { decideWith } from '../../thresholds/decide';

/**
 * What says how strange rows are. One scorer with the scores of rows that it did not see; or, of few rows, the scorers
 * of K folds, each with the scores of the fold that it did not see; or those K with scores of new rows, by their mean.
 */
export interface Judge {
  readonly scorers: readonly Scorer[];
  /** Ascending scores of known rows: one list, or as many as the scorers. */
  readonly calibrations: readonly Float64Array[];
  /** With one list: the rate of the threshold holds for these scores with this confidence. */
  readonly confidence?: number | undefined;
}

/** What is said of one row. */
export interface Judgment {
  score: number;
  pValue: number;
  isOod: boolean;
  /** Undefined of folds, each of which has scores of its own. */
  threshold: number | undefined;
}

/** Whether each scorer has scores of its own. */
export const isCross = ({ calibrations }: Pick<Judge, 'calibrations'>): boolean => calibrations.length > 1;

/** Rows that calibrate. */
export const countOf = ({ calibrations }: Pick<Judge, 'calibrations'>): number =>
  calibrations.reduce((sum, { length }) => sum + length, 0);

/** Scores [N] by each scorer. */
async function scoresOf({ scorers }: Judge, outputs: Batch, signal?: AbortSignal): Promise<Float32Array[]> {
  const all: Float32Array[] = [];
  for (const scorer of scorers) all.push(await scorer.score(outputs, signal && { signal }));
  return all;
}

/** The mean of each row's scores. */
const meanOf = (scores: readonly Float32Array[]): Float64Array =>
  Float64Array.from(scores[0]!, (_, row) => scores.reduce((sum, own) => sum + own[row]!, 0) / scores.length);

/** One score for each row [N]: that of the scorer, or the mean of them. */
export const meanScores = async (judge: Judge, outputs: Batch, signal?: AbortSignal): Promise<Float64Array> =>
  meanOf(await scoresOf(judge, outputs, signal));

/**
 * What the rows are at this rate. Of folds p = (1 + sum over k of #{i in fold k: s_k(z_i) >= s_k(x)}) / (n + 1).
 *
 * Source: Vovk, "Cross-conformal predictors", Annals of Mathematics and Artificial Intelligence 74 (2015).
 */
export async function judgeRows(
  judge: Judge,
  outputs: Batch,
  alpha: number,
  signal?: AbortSignal,
): Promise<Judgment[]> {
  const scores = await scoresOf(judge, outputs, signal);
  const means = meanOf(scores);
  const [all] = judge.calibrations;
  if (!isCross(judge)) return decideWith({ all: all! }, means, { alpha, confidence: judge.confidence });
  const count = countOf(judge);
  const allowed = allowedAlarms(count, alpha);
  return Array.from(means, (score, row) => {
    const above = judge.calibrations.reduce((sum, own, k) => sum + countFrom(own, scores[k]![row]!), 0);
    return { score, pValue: (1 + above) / (count + 1), isOod: 1 + above <= allowed, threshold: undefined };
  });
}
