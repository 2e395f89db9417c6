import * as scorers from '../scorers/index';
import type { KINDS, ScorerMethods } from './scorer-kinds';

/**
 * Every scorer of this package that a saved state describes whole, for loading one of a kind that is not known
 * beforehand: `loadDetector(model, source, { methods: scorerMethods })`. An ensemble, and neighbors with an index, are
 * given as `scorer` by whoever loads them.
 *
 * @example
 * const restored = decodeScorer(bytes);
 * const scorer = scorerMethods[restored.kind]!().restore(restored, {});
 */
export const scorerMethods = {
  ash: () => scorers.ash(),
  energy: () => scorers.energy(),
  entropy: () => scorers.entropy(),
  fdbd: () => scorers.fdbd(),
  gen: () => scorers.gen(),
  'joint-energy': () => scorers.jointEnergy(),
  'kl-matching': () => scorers.klMatching(),
  'max-logit': () => scorers.maxLogit(),
  msp: () => scorers.msp(),
  'nearest-class-mean': () => scorers.nearestClassMean(),
  'nearest-neighbors': () => scorers.nearestNeighbors(),
  'nn-guide': () => scorers.nnGuide(),
  odin: () => scorers.odin(),
  react: () => scorers.react(),
  'class-gaussians': () => scorers.classGaussians(),
  mahalanobis: () => scorers.mahalanobis(),
  'relative-mahalanobis': () => scorers.relativeMahalanobis(),
  residual: () => scorers.residual(),
  scale: () => scorers.scale(),
  she: () => scorers.she(),
  vim: () => scorers.vim(),
} satisfies Record<Exclude<(typeof KINDS)[number], 'ensemble'>, () => unknown> as ScorerMethods;
