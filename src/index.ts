// What training by this method and deciding need; the rest has a subpath of its own (docs/architecture.md).
export * from './core/errors';
export * from './core/random';
export type { Scores } from './core/scores';
export * from './pairs/index';
export * from './augment/index';
export * from './losses/index';
export { ClassMeans, type Means } from './embeddings/class-means';
export type { Embeddings } from './tensors/embeddings';
export { nearestClassMean } from './scorers/class-means/nearest-class-mean';
export type { NearestClassMean, NearestClassMeanOptions } from './scorers/class-means/nearest-class-mean';
export type { ClassMeanScorer } from './scorers/class-means/class-mean-scorer';
export type { Scorer, ScorerMethod, ScorerState } from './scorers/contract/scorer';
export { conformalThreshold, type ConformalThreshold } from './thresholds/conformal-threshold';
export { calibrate, type Calibration, type Classes } from './thresholds/calibrate';
export { decide, decideWith, type DecideOptions, type Decision } from './thresholds/decide';
export { cutPoint, cutPointsPassed, checkBelongsTo } from './thresholds/cut-points';
export type { BelongsTo, CutPoint, CutPoints } from './thresholds/cut-points';
export { formatCutPoints, parseCutPoints } from './thresholds/cut-points-json';
export type { TprThreshold } from './thresholds/threshold-at-tpr';
export { rankScores } from './metrics/rank-scores';
export type { RankedScores } from './metrics/cumulative-counts';
export type { PositiveOption } from './metrics/operating-points';
export { auroc } from './metrics/auroc';
export { averagePrecision } from './metrics/average-precision';
export { fprAtTpr, type FprAtTprOptions } from './metrics/fpr-at-tpr';
export { detectionError } from './metrics/detection-error';
export { oodMetrics, type OodMetrics } from './metrics/ood-metrics';
export { aurocInterval, type AurocInterval, type AurocIntervalOptions } from './metrics/intervals/auroc-interval';
export {
  decodeSafetensors,
  encodeSafetensors,
  type DecodedSafetensors,
  type Dtype,
  type LateBytes,
  type NamedArray,
} from './core/saved/safetensors';
