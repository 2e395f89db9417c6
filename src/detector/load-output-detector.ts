import { ANYTHING, FUNCTION } from '../core/check';
import { readOptions } from '../core/read-options';
import type { ModelParts } from '../scorers/contract/scorer';
import { decodeDetector } from './detector-state';
import { savedMeaning, type ClassLabel } from './logit-meaning';
import { detectorOf, type OutputDetector } from './judged-detector';
import { restoredScorers } from './shared-scorers';
import { METHOD, methodOf, METHODS, type LoadedScorer } from './scorer-kinds';

/** Options of {@link loadOutputDetector}. */
export interface LoadOutputDetectorOptions extends Partial<ModelParts>, LoadedScorer {}

/**
 * The detector that `toBytes` wrote.
 *
 * @param options `scorer`, the method that it was fitted with; of another one, or none, the error says which it is
 * @throws FormatError where the bytes are no detector; ArgumentError where it is one of another scorer
 * @example
 * const detector = loadOutputDetector(bytes, { scorer: mahalanobis() });
 */
export function loadOutputDetector<Label = ClassLabel>(
  bytes: Uint8Array,
  options?: LoadOutputDetectorOptions,
): OutputDetector<Label> {
  const where = 'loadOutputDetector';
  const { scorer, methods, head, logitsOf } = readOptions(where, options, {
    scorer: [METHOD],
    methods: [METHODS],
    head: [ANYTHING],
    logitsOf: [FUNCTION],
  });
  const state = decodeDetector(where, bytes);
  savedMeaning(where, state.about); // before the scorer holds anything
  const method = methodOf(where, state.scorers[0]!, { scorer, methods });
  const parts = { ...(head && { head }), ...(logitsOf && { logitsOf }) };
  return detectorOf(where, restoredScorers(method, state, parts), state);
}
