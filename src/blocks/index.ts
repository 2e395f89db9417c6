export type { ByteRanges, ShardBytes } from './bytes/byte-ranges';
export { httpRanges, RangesError, type HttpRangesOptions } from './bytes/http-ranges';
export { parquetBlocks, type ParquetBlocksOptions } from './parquet/parquet-blocks';
export type { PackedNumbers } from './parquet/column-kind';
export type {
  Block,
  BlockColumns,
  BlockIds,
  BlockPart,
  BlockParts,
  BlockRows,
  BlocksOptions,
  ColumnBlocksOptions,
  PartsOf,
  WideColumn,
} from './stream/block';
