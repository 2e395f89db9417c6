export {
  odmBatches,
  type IndexBatch,
  type OdmBatches,
  type OdmBatchesOptions,
  type OdmBatchesState,
} from './odm-batches';
