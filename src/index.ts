// What training by this method and deciding need; the rest has a subpath of its own (docs/architecture.md).
export * from './errors';
export * from './random';
export type { Scores } from './scores';
export * from './pairs/index';
export * from './augment/index';
export * from './losses/index';
export { ClassMeans, type Means } from './embeddings/class-means';
export type { Embeddings } from './embeddings/embeddings';
export { classMeanScorer, type ClassMeanScorer } from './scorers/class-mean-scorer';
export * from './thresholds/index';
export type { PositiveOption } from './metrics/operating-points';
export { auroc } from './metrics/auroc';
export { averagePrecision } from './metrics/average-precision';
export { fprAtTpr, type FprAtTprOptions } from './metrics/fpr-at-tpr';
export { detectionError } from './metrics/detection-error';
export { oodMetrics, type OodMetrics } from './metrics/ood-metrics';
export { aurocInterval, type AurocInterval, type AurocIntervalOptions } from './metrics/intervals/auroc-interval';
export * from './state/index';
