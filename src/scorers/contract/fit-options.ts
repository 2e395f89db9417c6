import { ANYTHING, FUNCTION } from '../../core/check';
import { readOptions } from '../../core/read-options';
import type { FitProgress, ModelParts } from './scorer';

/** The options of a fit: parts of the model, which are looked at where they are needed, and how to say how far it is. */
export const readFitOptions = (where: string, given: (FitProgress & Partial<ModelParts>) | undefined) =>
  readOptions<FitProgress & Partial<ModelParts>, typeof FIT_OPTIONS>(where, given, FIT_OPTIONS);

const FIT_OPTIONS = { onProgress: [FUNCTION], head: [ANYTHING], logitsOf: [ANYTHING] } as const;
