import * as scorers from '../scorers/index';
import { FormatError } from '../core/errors';
import type { ScorerMethod } from '../scorers/contract/scorer';

/** Methods by the `kind` that a saved scorer names. */
export type ScorerMethods = Readonly<Record<string, () => ScorerMethod>>;

/**
 * Every scorer of this package that a saved state describes whole, for loading one of a kind that is not known
 * beforehand. An ensemble, and neighbors with an index, are named by whoever loads them:
 * `loadOutputDetector(bytes, { methods: { ensemble: () => ensemble([a, b]) } })`.
 *
 * @example
 * const restored = decodeScorer(bytes);
 * const scorer = scorerMethods[restored.kind]!().restore(restored, {});
 */
export const scorerMethods: ScorerMethods = {
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
};

/** The method of the kind that a file names. @throws FormatError for a kind that is not among the methods */
export function methodOf(where: string, kind: string, methods: ScorerMethods): ScorerMethod {
  if (Object.hasOwn(methods, kind)) return methods[kind]!();
  throw new FormatError(where, 'metadata.kind', `one of ${Object.keys(methods).join(', ')}`, kind);
}
