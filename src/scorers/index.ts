export { classMeanScorer, type ClassMeanScorer } from './class-mean-scorer';
export type {
  Batch,
  Blocks,
  FitBlock,
  FitNeed,
  FitProgress,
  Head,
  LogitsOf,
  ModelOutputs,
  ModelParts,
  Need,
  ReadyScorer,
  Scorer,
  ScorerMethod,
  ScorerState,
} from './scorer';
export { decodeScorer, encodeScorer } from './scorer-state';
export { nearestClassMean, type NearestClassMeanOptions } from './nearest-class-mean';
export { ash, type AshOptions } from './ash';
export { energy } from './energy';
export { entropy } from './entropy';
export { fdbd, type FdbdOptions } from './fdbd';
export { gen, type GenOptions } from './gen';
export { klMatching } from './kl-matching';
export { maxLogit } from './max-logit';
export { msp, type TemperatureOptions } from './msp';
export { react, type ReactOptions } from './react';
export { residual, type ResidualOptions } from './residual';
export { scale, type ScaleOptions } from './scale';
export { she, type SheOptions } from './she';
export { vim, type VimOptions } from './vim';
export { classGaussians } from './class-gaussians';
export { mahalanobis, type CovarianceOptions } from './mahalanobis';
export { relativeMahalanobis } from './relative-mahalanobis';
export { nearestNeighbours, type NearestNeighboursOptions } from './nearest-neighbours';
export { nnGuide, type NnGuideOptions } from './nn-guide';
export { odin, type OdinOptions } from './odin';
export { ensemble, type EnsembleOptions } from './ensemble';
export { hnswIndex, type HnswGraph, type HnswLibrary, type HnswOptions } from './hnsw-index';
export type { NeighbourIndex, NeighbourIndexMaker } from './neighbour-index';
