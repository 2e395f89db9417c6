export { arrowBlocks, type ArrowBlocksOptions } from './arrow/arrow-blocks';
export type { ByteRanges, ShardBytes } from './bytes/byte-ranges';
export { httpRanges, RangesError, type HttpRangesOptions } from './bytes/http-ranges';
export { csvBlocks, type CsvBlocksOptions } from './csv/csv-blocks';
export { npyBlocks, type NpyShard } from './npy/npy-blocks';
export { npzBlocks } from './npy/npz-blocks';
export { parquetBlocks, type ParquetBlocksOptions } from './parquet/parquet-blocks';
export type { PackedNumbers } from './parquet/column-kind';
export { safetensorsBlocks } from './safetensors/safetensors-blocks';
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
export { csvWriter, type CsvWriterOptions } from './write/csv-writer';
export { parquetWriter, type ParquetWriterOptions } from './write/parquet-writer';
export type { VerdictRow } from './write/verdict-rows';
export type { VerdictWriter } from './write/verdict-writer';
