import { ANYTHING, FUNCTION, SIGNAL } from '../../core/check';
import { readOptions } from '../../core/read-options';
import type { FitProgress, ModelParts, ScoreOptions } from './scorer';

/** What somebody may give of the model. */
export type GivenParts = { readonly [K in keyof ModelParts]?: ModelParts[K] | undefined };

/** The options of a fit; the parts of the model are looked at by whoever needs them. */
export const readFitOptions = (where: string, given: (FitProgress & GivenParts) | undefined) =>
  readOptions<FitProgress & GivenParts, typeof FIT_OPTIONS>(where, given, FIT_OPTIONS);

const FIT_OPTIONS = { onProgress: [FUNCTION], signal: [SIGNAL], head: [ANYTHING], logitsOf: [ANYTHING] } as const;

/** The options of a score. */
export const readScoreOptions = (where: string, given: ScoreOptions | undefined) =>
  readOptions<ScoreOptions, typeof SCORE_OPTIONS>(where, given, SCORE_OPTIONS);

const SCORE_OPTIONS = { signal: [SIGNAL] } as const;
