export { ClassMeans, type Means } from './class-means';
export type { Embeddings } from '../tensors/embeddings';
export { recallAtK, type RecallAtKOptions } from './recall-at-k';
export { distanceRatio, type DistanceRatio } from './distance-ratio';
export type { MeasureOptions } from './measure-options';
export { silhouette } from './silhouette';
export { nearestMeanAccuracy, type Classifier } from './nearest-mean-accuracy';
export { ClassScatter, type ClassScatterOptions } from './class-scatter';
export { estimateCovariance, type Covariance, type CovarianceEstimator, type Scatter } from './covariance';
