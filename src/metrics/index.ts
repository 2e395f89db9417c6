export { rankScores } from './rank-scores';
export type { RankedScores } from './cumulative-counts';
export type { PositiveOption } from './operating-points';
export { auroc } from './auroc';
export { aurocOfLabels } from './auroc-of-labels';
export { averagePrecision } from './average-precision';
export { trapezoidAupr } from './published/trapezoid-aupr';
export { fprAtTpr, type FprAtTprOptions } from './fpr-at-tpr';
export { detectionError } from './detection-error';
export { oodMetrics, type OodMetrics } from './ood-metrics';
export { odinStyleMetrics, type OdinStyleMetrics } from './published/odin-style-metrics';
export { gridMetrics, type GridMetrics } from './published/grid-metrics';
export { classAccuracy } from './open-set/class-accuracy';
export { oscr, type ClassifiedScores, type Oscr, type OscrCurve } from './open-set/oscr';
export { ccrAtFpr, type CcrAtFprOptions } from './open-set/ccr-at-fpr';
export { aurc, excessAurc } from './open-set/aurc';
export type { BootstrapInterval, BootstrapOptions } from './intervals/bootstrap';
export { bootstrapInterval, type RankedMetric } from './intervals/bootstrap-interval';
export { bootstrapDifference } from './intervals/bootstrap-difference';
export type { DetectorScores } from './intervals/detector-scores';
export { bootstrapRows } from './intervals/bootstrap-rows';
export { evaluate, type EvaluateOptions, type EvaluationScores } from './evaluation/evaluate';
export type {
  AurocWithInterval,
  Evaluation,
  EvaluationMetrics,
  GroupEvaluation,
  SetEvaluation,
} from './evaluation/evaluation';
export type { Json } from '../core/saved/json';
export { parseEvaluation } from './evaluation/parse-evaluation';
export { evaluationTable, type EvaluationColumn, type EvaluationTableOptions } from './evaluation/evaluation-table';
export { comparisonTable, type ComparisonTableOptions, type NamedEvaluation } from './evaluation/comparison-table';
export type { NumberStyle } from './evaluation/number-style';
export type { TableFormat } from './evaluation/table-text';
export { ScoreAccumulator } from './streams/score-accumulator';
export { ScoreSketch, type SketchBuckets, type SketchQuantile } from './streams/score-sketch';
export { rankSketches } from './streams/rank-sketches';
export { sketchMetrics, type BoundedMetric, type SketchMetrics } from './streams/sketch-metrics';
export { aurocInterval, type AurocInterval, type AurocIntervalOptions } from './intervals/auroc-interval';
export { compareAurocs, type AurocComparison } from './intervals/compare-aurocs';
export { partialAuroc, type PartialAurocOptions } from './partial-auroc';
export { rocCurve, type CurveOptions, type RocCurve } from './curves/roc-curve';
export { precisionRecallCurve, type PrecisionRecallCurve } from './curves/precision-recall-curve';
export { equalErrorRate, type EqualErrorRate } from './equal-error-rate';
export { detectionAccuracy } from './detection-accuracy';
export {
  expectedCalibrationError,
  type CalibrationError,
  type CalibrationErrorOptions,
  type ReliabilityBin,
} from './expected-calibration-error';
export type { ClassRows } from '../core/class-rows';
export { autc, type Autc, type AutcOptions } from './autc';
export { fprAtTprOpenOOD } from './published/fpr-at-tpr-open-ood';
export { fprAtTprOdin } from './published/fpr-at-tpr-odin';
