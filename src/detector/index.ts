export { fitDetector, loadDetector } from './detector';
export type { Detector, FitDetectorOptions, LoadDetectorOptions, ModelImages } from './detector';
export type { DetectorTarget } from './detector-io';
export { fitOutputDetector, loadOutputDetector } from './output-detector';
export type {
  DetectorOptions,
  LoadOutputDetectorOptions,
  OutputDetector,
  PredictOptions,
  Verdict,
} from './output-detector';
export type { LabeledOutputs } from './output-source';
export type { DetectorState } from './detector-state';
export type { CalibrationInfo } from './rare-classes';
export { scorerMethods, type ScorerMethods } from './scorer-methods';
export { embed, type EmbedOptions } from './model/embed';
export { featuresOf } from './model/model-outputs';
export type { LogitMeaning, ModelReader, OutputNames } from './model/model-reader';
export type { GraphModelLike } from './model/graph-model-like';
export { modelFingerprint, type ModelFingerprint } from './model/model-fingerprint';
export type { ImageSet } from '../core/images';
