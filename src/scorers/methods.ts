// Written by `npx vitest run test/house -u` from the declarations of scorers in this folder.
import * as scorers from './index';

export const METHODS_BY_KIND = {
  ash: () => scorers.ash(),
  'class-gaussians': () => scorers.classGaussians(),
  energy: () => scorers.energy(),
  entropy: () => scorers.entropy(),
  fdbd: () => scorers.fdbd(),
  gen: () => scorers.gen(),
  'joint-energy': () => scorers.jointEnergy(),
  'kl-matching': () => scorers.klMatching(),
  mahalanobis: () => scorers.mahalanobis(),
  'max-logit': () => scorers.maxLogit(),
  msp: () => scorers.msp(),
  'nearest-class-mean': () => scorers.nearestClassMean(),
  'nearest-neighbors': () => scorers.nearestNeighbors(),
  'nn-guide': () => scorers.nnGuide(),
  odin: () => scorers.odin(),
  react: () => scorers.react(),
  'relative-mahalanobis': () => scorers.relativeMahalanobis(),
  residual: () => scorers.residual(),
  scale: () => scorers.scale(),
  she: () => scorers.she(),
  vim: () => scorers.vim(),
} as const;
