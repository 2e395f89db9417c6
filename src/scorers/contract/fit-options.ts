import { ANYTHING, FUNCTION } from '../../core/check';
import { readOptions } from '../../core/read-options';
import type { FitProgress, ModelParts } from './scorer';

/** What somebody may give of the model. */
export type GivenParts = { readonly [K in keyof ModelParts]?: ModelParts[K] | undefined };

/** The options of a fit; the parts of the model are looked at by whoever needs them. */
export const readFitOptions = (where: string, given: (FitProgress & GivenParts) | undefined) =>
  readOptions<FitProgress & GivenParts, typeof FIT_OPTIONS>(where, given, FIT_OPTIONS);

const FIT_OPTIONS = { onProgress: [FUNCTION], head: [ANYTHING], logitsOf: [ANYTHING] } as const;
