export { fitDetector } from './detector';
export { loadDetector, type LoadDetectorOptions } from './load-detector';
export { describeDetector, type DetectorDescription, type DescribedInput } from './describe-detector';
export type { AskedRows, Detector, ImagesToEvaluate } from './around-model';
export type { FitDetectorOptions, KnownImages } from './detector';
export type { ImageNumbers, ModelImage, ModelImages, NestedNumbers, ShapedImages } from './input/given-images';
export type { ModelInput, PixelFunction, PixelInput } from './input/model-input';
export type { PixelRange } from './input/number-range';
export type { Picture } from './input/picture';
export type { ResizeFit } from './input/resize-images';
export type { TeachableMetadata } from './input/teachable-metadata';
export type { ModelInputs } from './input/inputs-source';
export type { NumberLists } from './input/number-lists';
export type { KnownLabels } from './known/known-labels';
export type { GivenOutputs } from './given-outputs';
export type { DetectorTarget } from './detector-io';
export { calibratedOutputDetector, type CalibratedDetectorOptions } from './calibration/calibrated-output-detector';
export { fitOutputDetector } from './output-detector';
export type { DetectorOptions } from './detector-options';
export { loadOutputDetector, type LoadOutputDetectorOptions } from './load-output-detector';
export { growingDetector } from './growing/growing-detector';
export { loadGrowingDetector } from './growing/load-growing-detector';
export type { GrowingDetector, GrowingDetectorOptions } from './growing/growing-detector';
export type {
  FeaturesToEvaluate,
  GrowingCalibration,
  GrowingEvaluationOptions,
  GrowingFeatures,
  GrowingOptions,
  GrowingPredictOptions,
  GrowingVerdict,
} from './growing/growing-calls';
export type { GrowingLabel } from './growing/growing-labels';
export type { OutputDetectorOptions } from './output-detector';
export type {
  OutputDetector,
  OutputsToEvaluate,
  PredictOneOptions,
  PredictOptions,
  RecalibrateOptions,
  RecalibrationRows,
  Verdict,
} from './judged-detector';
export type {
  CalledOod,
  CountedShare,
  DetectorEvaluation,
  DetectorEvaluationOptions,
  EvaluatedRows,
  FalseAlarms,
  KeptPromise,
  KnownEvaluation,
  StrangeEvaluation,
} from './evaluation/detector-evaluation';
export type { Finding } from './evaluation/finding';
export type { LabelSetOptions } from './calibration/label-sets';
export type { ClassLabel, NamedLabel, TagLabels } from './logit-meaning';
export type { LabeledOutputs } from './output-source';
export type { DetectorState } from './detector-state';
export type { CalibrationInfo } from './calibration/calibration-info';
export { scorerMethods } from './scorer-methods';
export type { LoadedScorer, ScorerMethods } from './scorer-kinds';
export { compareScorers, type CompareScorersOptions } from './compare/compare-scorers';
export { compareOutputScorers, type CompareOutputsOptions } from './compare/compare-output-scorers';
export type { CompareOptions } from './compare/compare-options';
export type {
  BestScorer,
  ComparedScorer,
  ComparedSet,
  LeftOutScorer,
  ScorerComparison,
  ScorerFigures,
  ScorerRival,
} from './compare/comparison';
export { embed, type EmbedOptions } from './model/embed';
export { featuresOf } from './model/model-outputs';
export type { LogitMeaning, ModelReader, OutputNames } from './model/model-reader';
export type { DetectorModel, FunctionModel, FunctionOutputs } from './model/detector-model';
export type { GraphModelLike } from './model/graph-model-like';
export { modelFingerprint, type ModelFingerprint } from './model/model-fingerprint';
export type { WeightSketch } from './model/weight-sketch';
export type { ImageSet } from '../core/images';
