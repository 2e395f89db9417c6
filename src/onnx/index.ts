export { detectorToOnnx, type DetectorToOnnxOptions, type ExportedDetector } from './detector-to-onnx';
export { exposeFeatures, type ExposedFeatures, type ExposeFeaturesOptions } from './expose-features';
export { joinOnnx, type JoinOnnxOptions } from './join-onnx';
export type { ExternalData } from './model/read-constant';
export type { ModelTensors } from './model/model-end';
