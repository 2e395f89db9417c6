import { ArgumentError } from '../../core/errors';
import { nearestName } from '../../core/nearest-name';
import { readOptions } from '../../core/read-options';
import { tagOf } from '../../core/shown-value';
import type { ShardBytes } from '../bytes/byte-ranges';
import { shardOf } from '../bytes/shard';
import type { Block, BlockPart, BlocksOptions } from '../stream/block';
import { BLOCKS_OPTIONS, blocksOf } from '../stream/blocks-of';
import type { ShardColumns } from '../stream/shard-columns';
import { plainFeed } from './byte-feed';
import { fedNumbers, fedValues } from './fed-columns';
import { npyArray } from './npy-array';

/** The .npy files of a shard: one for each part of a block. */
export type NpyShard = { readonly [P in BlockPart]?: ShardBytes };

const PARTS = ['features', 'logits', 'labels', 'ids'] as const;

/**
 * Blocks of .npy files as `np.save` writes them, one for each part: numbers [N, D], labels and ids [N], in C order and
 * of either endianness. Of each file a window of 1 MiB is in memory, and a block.
 *
 * @param shards the files of a shard, or a list of shards as one stream
 * @throws FormatError for a damaged file, an array of objects (pickles are never run), Fortran order, files of unequal
 *   length, ShapeError for another width than in the first shard, NotFiniteError for NaN, all naming the file, and the
 *   row
 * @example
 * for await (const { features } of npyBlocks({ features: npyBytes })) {
 *   features.shape; // rows, width: [4, 2]
 * }
 */
export async function* npyBlocks<S extends NpyShard>(
  shards: S | readonly S[],
  options?: BlocksOptions,
): AsyncGenerator<Block<keyof S & BlockPart>, void, undefined> {
  const where = 'npyBlocks';
  const own = readOptions(where, options, BLOCKS_OPTIONS);
  const list: readonly unknown[] = Array.isArray(shards) ? shards : [shards];
  if (list.length === 0) throw new ArgumentError(where, 'shards', 'a shard, or a list of one at least', 'none');
  const first = list[0] as object | undefined;
  const opened = list.map((files, i) => {
    const what = Array.isArray(shards) ? `shards[${i}]` : 'shards';
    const parts = partsOf(where, what, files, first);
    const all = parts.map(([part, file]) => [part, shardOf(where, `${what}.${part}`, file)] as const);
    return {
      shard: all[0]![1],
      async open() {
        const columns: ShardColumns = {};
        for (const [part, shard] of all) {
          const array = await npyArray(shard, part, plainFeed(shard, 0, shard.size), shard.size);
          if (part === 'features' || part === 'logits') columns[part] = fedNumbers(array);
          else columns[part] = fedValues(array);
        }
        return columns;
      },
    };
  });
  yield* blocksOf<keyof S & BlockPart>(opened, own as BlocksOptions);
}

/** The files of a shard by their parts. @throws ArgumentError where they are others than those of the first */
function partsOf(where: string, what: string, files: unknown, first: unknown): [BlockPart, unknown][] {
  if (tagOf(files) !== '[object Object]' || typeof (files as { slice?: unknown }).slice === 'function') {
    throw new ArgumentError(where, what, 'an object of files, such as { features: file }', files);
  }
  const given = Object.entries(files as object).filter(([, file]) => file !== undefined);
  const stranger = given.find(([name]) => !PARTS.includes(name as BlockPart))?.[0];
  if (stranger !== undefined) {
    throw new ArgumentError(where, what, `without ${stranger} (${nearestName(stranger, [...PARTS])}?)`, files);
  }
  const names = (all: readonly (readonly [string, unknown])[]) =>
    all
      .map(([name]) => name)
      .sort()
      .join(', ');
  const expected = names(Object.entries(first as object).filter(([, file]) => file !== undefined));
  if (given.length === 0) throw new ArgumentError(where, what, 'an object with features, logits, labels or ids', files);
  if (names(given) !== expected) throw new ArgumentError(where, what, `an object of ${expected}, as the first`, files);
  return given as [BlockPart, unknown][];
}
