export { odmBatches, type IndexBatch, type OdmBatches } from './odm-batches';
export type { OdmBatchesOptions } from './odm-batches-options';
export type { OdmBatchesState } from './odm-batches-state';
