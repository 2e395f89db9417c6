import { required } from '../../core/check';
import { readOptions } from '../../core/read-options';
import type { ShardBytes } from '../bytes/byte-ranges';
import type { Block, BlockColumns, ColumnBlocksOptions, PartsOf } from '../stream/block';
import { BLOCKS_OPTIONS } from '../stream/blocks-of';
import { columnBlocks } from '../stream/column-blocks';
import { COLUMNS } from '../stream/read-columns';
import { arrayColumns } from './array-columns';
import { npyArray } from './npy-array';
import { zipEntries } from './zip-entries';

/**
 * Blocks of .npz files, as `np.savez` and `np.savez_compressed` write them: columns are the arrays' names, each [N, D]
 * or [N], in C order. Of each array a window of 1 MiB is in memory, and a block; a compressed one is inflated as it is
 * read, by `DecompressionStream`.
 *
 * @param shards a file, or several as one stream
 * @throws ArgumentError for an array that there is not, naming the nearest; FormatError for a damaged file, an array of
 *   objects (pickles are never run), Fortran order, ShapeError for another width than in the first shard,
 *   NotFiniteError for NaN, all naming the shard, and the row
 * @example
 * for await (const { features, labels } of npzBlocks(npzBytes, { columns: { features: 'x', labels: 'y' } })) {
 *   features.shape; // rows, width: [4, 2]
 *   labels; // an Int32Array [0, 1, 0, 1]
 * }
 */
export async function* npzBlocks<const C extends BlockColumns>(
  shards: ShardBytes | readonly ShardBytes[],
  options: ColumnBlocksOptions<C>,
): AsyncGenerator<Block<PartsOf<C>>, void, undefined> {
  const where = 'npzBlocks';
  const own = readOptions<ColumnBlocksOptions, ReturnType<typeof declared>>(where, options, declared());
  yield* columnBlocks<PartsOf<C>>(where, shards, own as ColumnBlocksOptions, async (shard, choose) => {
    const entries = new Map((await zipEntries(shard)).map((entry) => [entry.name.replace(/\.npy$/, ''), entry]));
    const names = choose([...entries.keys()]);
    return arrayColumns(names, async (name) => {
      const entry = entries.get(name)!;
      return npyArray(shard, name, await entry.feed(), entry.size);
    });
  });
}

const declared = () => ({ columns: [required(COLUMNS)], ...BLOCKS_OPTIONS }) as const;
