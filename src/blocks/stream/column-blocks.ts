import type { ShardBytes } from '../bytes/byte-ranges';
import type { Shard } from '../bytes/shard';
import type { Block, BlockPart, ColumnBlocksOptions } from './block';
import { blocksOf, shardsOf } from './blocks-of';
import { checkBlockColumns, columnNames, type ColumnNames } from './read-columns';
import type { ShardColumns } from './shard-columns';

/** Which columns of those that a shard has are which part. */
export type ChooseColumns = (present: readonly string[]) => ColumnNames;

/**
 * Blocks of shards with columns: the first shard says which columns a pattern means, and the others keep to it.
 *
 * @param open opens a shard, and chooses among its columns
 */
export function columnBlocks<P extends BlockPart>(
  where: string,
  shards: ShardBytes | readonly ShardBytes[],
  options: ColumnBlocksOptions,
  open: (shard: Shard, choose: ChooseColumns) => Promise<ShardColumns>,
): AsyncGenerator<Block<P>, void, undefined> {
  checkBlockColumns(where, options.columns);
  let names: ColumnNames | undefined;
  const opened = shardsOf(where, shards).map((shard) => ({
    shard,
    open: () => open(shard, (present) => (names = columnNames(shard, options.columns, present, names))),
  }));
  return blocksOf<P>(opened, options);
}
