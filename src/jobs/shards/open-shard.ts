import { arrowBlocks } from '../../blocks/arrow/arrow-blocks';
import { csvBlocks } from '../../blocks/csv/csv-blocks';
import { npzBlocks } from '../../blocks/npy/npz-blocks';
import { parquetBlocks } from '../../blocks/parquet/parquet-blocks';
import { safetensorsBlocks } from '../../blocks/safetensors/safetensors-blocks';
import type { Block, ColumnBlocksOptions } from '../../blocks/stream/block';
import { ArgumentError } from '../../core/errors';
import { fileRanges, type FileRanges } from '../../node/file-ranges';
import { placeWithin } from './place-within';

type Reader = (shard: FileRanges, options: ColumnBlocksOptions) => AsyncGenerator<Block, void, undefined>;

/** Readers by how a name ends. */
const READERS: Readonly<Record<string, unknown>> = {
  parquet: parquetBlocks,
  arrow: arrowBlocks,
  feather: arrowBlocks,
  npz: npzBlocks,
  safetensors: safetensorsBlocks,
  csv: csvBlocks,
};

/** A shard of a run. */
export interface ShardSource {
  where: string;
  /** The folder that it must lie in. */
  folder: string;
  name: string;
  options: ColumnBlocksOptions;
}

/**
 * The blocks of a shard, which is closed at their end.
 *
 * @throws ArgumentError for a name of no format, or where a link leads out of the folder; and as its reader
 */
export async function* shardBlocks({ where, folder, name, options }: ShardSource): AsyncGenerator<Block, void> {
  const ending = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  if (!Object.hasOwn(READERS, ending)) {
    throw new ArgumentError(where, 'shard', `a file of ${Object.keys(READERS).join(', ')}`, name);
  }
  const shard = await fileRanges(await placeWithin(where, 'shard', folder, name));
  try {
    yield* (READERS[ending] as Reader)(shard, options);
  } finally {
    await shard.close();
  }
}
