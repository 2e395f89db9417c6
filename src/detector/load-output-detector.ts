import type { ModelParts } from '../scorers/contract/scorer';
import { decodeDetector } from './detector-state';
import { savedMeaning, type ClassLabel } from './logit-meaning';
import { detectorOf, type OutputDetector } from './output-detector';
import { methodOf, scorerMethods, type ScorerMethods } from './scorer-methods';

/** Options of {@link loadOutputDetector}. */
export interface LoadOutputDetectorOptions extends Partial<ModelParts> {
  /** Methods by kind; by default every one of this package. */
  methods?: ScorerMethods;
}

/**
 * The detector that `toBytes` wrote.
 *
 * @throws FormatError where the bytes are no detector, or one of an unknown kind
 * @example
 * const detector = loadOutputDetector(bytes);
 */
export function loadOutputDetector<Label = ClassLabel>(
  bytes: Uint8Array,
  { methods = scorerMethods, ...parts }: LoadOutputDetectorOptions = {},
): OutputDetector<Label> {
  const where = 'loadOutputDetector';
  const state = decodeDetector(where, bytes);
  savedMeaning(where, state.about); // before the scorer holds anything
  const method = methodOf(where, state.scorer.kind, methods);
  return detectorOf(where, method.restore(state.scorer, parts), state);
}
