export { conformalThreshold, type ConformalThreshold } from './conformal-threshold';
export { pValues, classPValues, benjaminiHochberg } from './p-values';
export { clopperPearson } from './clopper-pearson';
export { thresholdAtTpr, type TprThreshold } from './threshold-at-tpr';
export { decide, type Decision } from './decide';
