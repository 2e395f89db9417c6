import { METHODS_BY_KIND } from '../scorers/methods';
import type { ScorerMethods } from './scorer-kinds';

/**
 * Every scorer of this package that a saved state describes whole, for loading one of a kind that is not known
 * beforehand: `loadDetector(model, source, { methods: scorerMethods })`. An ensemble, and neighbors with an index, are
 * given as `scorer` by whoever loads them.
 *
 * @example
 * const restored = decodeScorer(bytes);
 * const scorer = scorerMethods[restored.kind]!().restore(restored, {});
 */
export const scorerMethods: ScorerMethods = METHODS_BY_KIND;
