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
