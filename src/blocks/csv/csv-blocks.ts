import { required, textOf } from '../../core/check';
import { readOptions } from '../../core/read-options';
import type { ShardBytes } from '../bytes/byte-ranges';
import type { Block, BlockColumns, ColumnBlocksOptions, PartsOf } from '../stream/block';
import { BLOCKS_OPTIONS } from '../stream/blocks-of';
import { columnBlocks } from '../stream/column-blocks';
import { COLUMNS } from '../stream/read-columns';
import { csvTable } from './csv-table';

/** Options of {@link csvBlocks}. */
export interface CsvBlocksOptions<C extends BlockColumns = BlockColumns> extends ColumnBlocksOptions<C> {
  /** What stands between fields; default a comma. */
  delimiter?: string;
}

/**
 * Blocks of CSV files (RFC 4180, UTF-8) with a header: numbers lie in columns side by side, by their names or by a
 * pattern. Labels are whole numbers, or names with `classNames`; ids are text as it stands. A window of 256 KiB of the
 * file is in memory with its rows, and a block.
 *
 * @param shards a file, or several as one stream
 * @throws ArgumentError for a column that there is not, naming the nearest; FormatError for an open quote, a row with
 *   more or fewer fields, a field that is empty or no number, NotFiniteError for NaN, all naming the shard and the row
 * @example
 * const bytes = new TextEncoder().encode('id,f0,f1,label\na,1,2,0\nb,3,4,1\n');
 * for await (const { features, ids } of csvBlocks(bytes, { columns: { features: /^f\d+$/, ids: 'id' } })) {
 *   features.data; // a Float32Array [1, 2, 3, 4]
 *   ids; // as they stand: ['a', 'b']
 * }
 */
export async function* csvBlocks<const C extends BlockColumns>(
  shards: ShardBytes | readonly ShardBytes[],
  options: CsvBlocksOptions<C>,
): AsyncGenerator<Block<PartsOf<C>>, void, undefined> {
  const where = 'csvBlocks';
  const own = readOptions<CsvBlocksOptions, ReturnType<typeof declared>>(where, options, declared());
  yield* columnBlocks<PartsOf<C>>(where, shards, own as ColumnBlocksOptions, async (shard, choose) => {
    const table = await csvTable(shard, own.delimiter);
    const { features, logits, labels, ids } = choose(table.header);
    return {
      features: features && table.numbers(features),
      logits: logits && table.numbers(logits),
      labels: labels && table.labels(labels[0]!),
      ids: ids && table.texts(ids[0]!),
    };
  });
}

const declared = () =>
  ({
    columns: [required(COLUMNS)],
    delimiter: [textOf('a character that is no quote and no line end', /^[^"\r\n]$/), ','],
    ...BLOCKS_OPTIONS,
  }) as const;
