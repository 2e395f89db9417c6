import { ArgumentError, NotFiniteError, ShapeError } from '../../core/errors';
import { checkSignal, pauses } from '../../core/pauses';
import type { Batch, FitBlock, ModelParts, Scorer, ScorerMethod } from '../../scorers/contract/scorer';
import { encodeScorer } from '../../scorers/contract/scorer-state';
import { blocksIn } from '../known/gathered-rows';
import { rowsFrom, type KnownBlock } from '../known/known-rows';
import type { ScoredTrial, Trial, Unknown } from './trial';

/** Rows of a fit at a time. */
const BLOCK = 1024;

/** What a scorer said of all rows, and what it cost. */
export interface ScoredMethod {
  /** Trials of each unknown, of which each counts the same. */
  byUnknown: ScoredTrial[][];
  fitMs: number;
  scoreMsPerRow: number;
  stateBytes: number;
}

const countOf = ({ features, logits }: KnownBlock): number => (features ?? logits)!.shape[0];

const scoresOf = (scorer: Scorer, rows: KnownBlock, signal: AbortSignal | undefined): Promise<Float32Array> =>
  scorer.score(rows as unknown as Batch, { ...(signal && { signal }) });

async function fitted(
  method: ScorerMethod,
  { fit, head }: Pick<Trial, 'fit' | 'head'>,
  signal: AbortSignal | undefined,
): Promise<Scorer> {
  const blocks = blocksIn(fit, BLOCK)(rowsFrom(0, countOf(fit))) as AsyncIterable<FitBlock & Batch>;
  return method.fit(blocks, { ...(head && { head }), ...(signal && { signal }) } as ModelParts);
}

/**
 * Fits the method on all known rows that fit, and once for each class that is left out, and scores every trial.
 *
 * @returns instead of that the reason, where the method refuses rows that are fine for others, such as too few
 */
export async function scoredMethod(
  method: ScorerMethod,
  whole: Omit<Trial, 'outside'>,
  unknowns: readonly Unknown[],
  signal: AbortSignal | undefined,
): Promise<ScoredMethod | string> {
  const pause = pauses(signal);
  let during = '';
  let scorer: Scorer | undefined;
  try {
    const begun = performance.now();
    scorer = await fitted(method, whole, signal);
    const between = performance.now();
    const inside = await scoresOf(scorer, whole.inside.rows, signal);
    const ended = performance.now();
    const stateBytes = encodeScorer(scorer.state()).length;
    const byUnknown: ScoredTrial[][] = [];
    for (const { trials } of unknowns) {
      const scored: ScoredTrial[] = [];
      for (const trial of trials) {
        await pause();
        during = trial.missing ? `${trial.missing}: ` : '';
        const isWhole = trial.fit === whole.fit;
        const own = isWhole ? scorer : await fitted(method, trial, signal);
        try {
          scored.push({
            inRows: trial.inside.ids,
            outRows: trial.outside.ids,
            inScores: trial.inside === whole.inside ? inside : await scoresOf(own, trial.inside.rows, signal),
            outScores: await scoresOf(own, trial.outside.rows, signal),
            weight: 1 / trials.length,
          });
        } finally {
          if (!isWhole) own.dispose();
        }
      }
      byUnknown.push(scored);
    }
    return {
      byUnknown,
      fitMs: between - begun,
      scoreMsPerRow: (ended - between) / inside.length,
      stateBytes,
    };
  } catch (error) {
    checkSignal(signal);
    // What is wrong with the rows for every scorer was found out before.
    if (error instanceof ArgumentError || error instanceof ShapeError || error instanceof NotFiniteError) {
      return during + error.message;
    }
    throw error;
  } finally {
    scorer?.dispose();
  }
}
