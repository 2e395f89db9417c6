export type { ClassMeanScorer } from './class-means/class-mean-scorer';
export type {
  AddOptions,
  Batch,
  Blocks,
  FitBlock,
  FitNeed,
  FitProgress,
  Head,
  HoldOutOptions,
  LogitMeaning,
  LogitsOf,
  MergeOptions,
  ModelOutputs,
  ModelParts,
  Need,
  PartialCalls,
  PartialFit,
  ReadyScorer,
  Scorer,
  ScorerMethod,
  ScorerState,
} from './contract/scorer';
export type {
  Definition,
  DefinedMethod,
  Fitted,
  FittedOf,
  Found,
  ReadBatch,
  RowScorer,
  Scoring,
  Wrong,
} from './contract/define-row-scorer';
export { defineScorer } from './contract/define-scorer';
export { decodeScorer, encodeScorer } from './contract/scorer-state';
export { nearestClassMean } from './class-means/nearest-class-mean';
export type { NearestClassMean, NearestClassMeanOptions } from './class-means/nearest-class-mean';
export { ash, type AshOptions } from './head/ash';
export { energy } from './logits/energy';
export { entropy } from './logits/entropy';
export { fdbd, type FdbdOptions } from './head/fdbd';
export { gen, type GenOptions } from './logits/gen';
export { jointEnergy } from './logits/joint-energy';
export { klMatching } from './logits/kl-matching';
export { maxLogit } from './logits/max-logit';
export { msp, type TemperatureOptions } from './logits/msp';
export type { NoOptions } from './logits/no-options';
export { react, type ReactOptions } from './head/react';
export { residual, type ResidualOptions } from './head/residual';
export { scale, type ScaleOptions } from './head/scale';
export { she, type SheOptions } from './head/she';
export { vim, type VimOptions } from './head/vim';
export { classGaussians } from './gaussian/class-gaussians';
export type { CovarianceOptions } from './gaussian/gaussian-fit';
export { mahalanobis } from './gaussian/mahalanobis';
export { relativeMahalanobis } from './gaussian/relative-mahalanobis';
export { nearestNeighbors, type NearestNeighborsOptions } from './neighbors/nearest-neighbors';
export { nnGuide, type NnGuideOptions } from './neighbors/nn-guide';
export { odin, type OdinOptions } from './logits/odin';
export { ensemble, type EnsembleOptions } from './ensemble/ensemble';
export { hnswIndex, type HnswGraph, type HnswLibrary, type HnswOptions } from './neighbors/hnsw-index';
export type { NeighborIndex, NeighborIndexMaker } from './neighbors/neighbor-index';
export type { Accumulator, StateArrays } from './partial/accumulator';
export { calibrationRows, partialCalibration } from './partial/partial-calibration';
export type {
  CalibrationRowsOptions,
  PartialCalibration,
  PartialCalibrationOptions,
} from './partial/partial-calibration';
export type { GivenIds, RowId } from './partial/row-ids';
