export { fitOutputDetector, loadOutputDetector } from './output-detector';
export type { DetectorOptions, LoadDetectorOptions, OutputDetector, PredictOptions, Verdict } from './output-detector';
export type { LabeledOutputs } from './batch-source';
export type { DetectorState } from './detector-state';
export type { CalibrationInfo } from './rare-classes';
export { scorerMethods, type ScorerMethods } from './scorer-methods';
