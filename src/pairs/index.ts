export type { IndexBatch, IndexBatches } from './batch-stream';
export type { BatchesState } from './batches-state';
export { classBalancedBatches } from './class-balanced-batches';
export type {
  ClassBalancedBatches,
  ClassBalancedBatchesOptions,
  ClassBalancedBatchesState,
} from './class-balanced-batches';
export { odmBatches, type OdmBatches, type OdmBatchesState } from './odm-batches';
export type { OdmBatchesOptions } from './odm-batches-options';
