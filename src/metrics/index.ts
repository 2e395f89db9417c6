export { auroc } from './auroc';
export { averagePrecision, trapezoidAupr, type PositiveOption } from './average-precision';
export { fprAtTpr, type FprAtTprOptions } from './fpr-at-tpr';
export { detectionError } from './detection-error';
export { oodMetrics, type OodMetrics } from './ood-metrics';
export { odinStyleMetrics, type OdinStyleMetrics } from './odin-style-metrics';
export { gridMetrics, type GridMetrics } from './grid-metrics';
