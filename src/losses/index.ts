export { OOD_LABEL, type BatchLabels } from './batch-labels';
export { contrastiveLoss, odmLoss, type ContrastiveOptions } from './contrastive-loss';
export { pairwiseDistances, pairwiseSquaredDistances } from './pairwise-distances';
