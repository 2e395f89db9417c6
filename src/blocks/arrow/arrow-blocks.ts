import { oneOf, required } from '../../core/check';
import { readOptions } from '../../core/read-options';
import type { ShardBytes } from '../bytes/byte-ranges';
import type { PackedNumbers } from '../parquet/column-kind';
import type { Block, BlockColumns, ColumnBlocksOptions, PartsOf } from '../stream/block';
import { BLOCKS_OPTIONS } from '../stream/blocks-of';
import { columnBlocks } from '../stream/column-blocks';
import { COLUMNS } from '../stream/read-columns';
import { sideBySide } from '../stream/side-by-side';
import { openArrow } from './arrow-batches';
import { arrowNumbers } from './arrow-columns';
import { arrowValues } from './arrow-values';

/** Options of {@link arrowBlocks}. */
export interface ArrowBlocksOptions<C extends BlockColumns = BlockColumns> extends ColumnBlocksOptions<C> {
  /** What columns of bytes of a fixed size hold, little-endian; default float32. */
  packed?: PackedNumbers;
}

/**
 * Blocks of Arrow IPC files (Feather 2) or streams, uncompressed. Numbers are lists, lists of a fixed size, numbers
 * packed in bytes of a fixed size, or columns side by side; labels and ids may have a dictionary. Batches may be of any
 * size: of each column a window of 1 MiB is in memory, the dictionary, and a block.
 *
 * @param shards a file, or several as one stream
 * @throws ArgumentError for a column that there is not, naming the nearest; FormatError for a damaged or compressed
 *   file, a null, or lists of unequal length, ShapeError for another width than in the first shard, NotFiniteError for
 *   NaN, all naming the shard, and the row
 * @example
 * for await (const { features, labels } of arrowBlocks(arrowBytes, { columns: { features: 'x', labels: 'y' } })) {
 *   features.shape; // rows, width: [4, 2]
 *   labels; // an Int32Array [0, 1, 0, 1]
 * }
 */
export async function* arrowBlocks<const C extends BlockColumns>(
  shards: ShardBytes | readonly ShardBytes[],
  options: ArrowBlocksOptions<C>,
): AsyncGenerator<Block<PartsOf<C>>, void, undefined> {
  const where = 'arrowBlocks';
  const own = readOptions<ArrowBlocksOptions, ReturnType<typeof declared>>(where, options, declared());
  yield* columnBlocks<PartsOf<C>>(where, shards, own as ColumnBlocksOptions, async (shard, choose) => {
    const file = await openArrow(shard);
    const names = choose(file.fields.map(({ name }) => name));
    const field = (name: string) => {
      const found = file.fields.find((one) => one.name === name)!;
      if (!Number.isNaN(found.buffer)) return found;
      throw shard.refuse(`a file with ${name} before columns of views or unions`, 'one after them');
    };
    const numbers = (part: 'features' | 'logits') => {
      const columns = names[part]?.map((name) => arrowNumbers(shard, file, field(name), own.packed));
      return columns && sideBySide(columns);
    };
    const values = (part: 'labels' | 'ids') => {
      const name = names[part]?.[0];
      return name === undefined ? undefined : arrowValues(shard, file, field(name));
    };
    return { features: numbers('features'), logits: numbers('logits'), labels: values('labels'), ids: values('ids') };
  });
}

const declared = () =>
  ({
    columns: [required(COLUMNS)],
    packed: [oneOf('float16', 'float32', 'float64', 'int8', 'uint8'), 'float32'],
    ...BLOCKS_OPTIONS,
  }) as const;
